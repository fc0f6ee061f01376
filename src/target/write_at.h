/* Writing all of some bytes at a place of a file. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* Fails with "cannot write WHAT: ...". */
struct error *write_at(int fd, const void *bytes, size_t length, uint64_t offset, const char *what);
