/* The auxiliary vector, with which the kernel tells a process where its program is (getauxval(3)).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "target.h"

enum { AUXV_MAX_BYTES = 4096 };

/* Keeps a copy of it, and sets `entry`, `program_headers` and `random`. What is longer than
 * AUXV_MAX_BYTES is cut off. */
void auxv_keep(struct target *target, const uint8_t *bytes, size_t length);
