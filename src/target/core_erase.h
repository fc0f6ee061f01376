/* Taking memory out of a core file that is open for writing, such as one that was just captured. */
#pragma once

#include "error.h"
#include "target.h"

/* Call it once, before anything is erased. The target's file must be open for writing. */
struct error *core_erase_allow(const struct target *target);

/* Makes what the core has of [start, end) zeros, also in the file. */
void core_erase(const struct target *target, addr_t start, addr_t end);
