/* Programs that unroll to a pointer mask: how Go up to 1.23 writes the masks of large types.
 *
 * Bytes 0nnnnnnn: n bits follow, in (n+7)/8 bytes; 0: the end. 1nnnnnnn c: the last n bits are
 * repeated c times; n = 0: n follows as a uvarint; c is a uvarint. Four bytes of length come first.
 * Source: Go 1.19 to 1.23, runtime/mbitmap.go (runGCProg).
 */
#pragma once

#include <stdint.h>

#include "target.h"

/* The first `words` bits, malloc()ed; NULL when it is no program that makes so many. */
uint8_t *gc_program_run(const struct target *target, addr_t program, uint64_t words);
