/* Compressing a file into frames of zstd; see compressed_format.h. */
#pragma once

#include "error.h"

/* Compresses all of a file, on several threads, with memory that does not depend on its length.
 * What has been compressed is taken out of `from`, so that both need little more room than one.
 * `name` is that of `to`, for messages. */
struct error *compressed_write(int from, int to, const char *name);
