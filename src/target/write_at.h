/* Writing all of some bytes at a place of a file. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* Fails with "cannot write WHAT: ...". */
struct error *write_at(int fd, const void *bytes, size_t length, uint64_t offset, const char *what);

/* The same of a place that nothing was written to: pages of zeros become holes, which the caller
 * gives their length where they are last (ftruncate(2)). */
struct error *write_sparse_at(
	int fd, const uint8_t *bytes, size_t length, uint64_t offset, const char *what);
