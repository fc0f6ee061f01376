/* Reading files that zstd has compressed: snapshots in frames (compressed_format.h), which are
 * expanded on several threads, and any other, such as the cores of systemd-coredump.
 *
 * They are expanded into an unnamed file, as a capture is: all commands go over all of the heap,
 * more than once, and views of memory must stay valid. That file's pages are the cache, which
 * target_release_pages() bounds. Zeros take no room in it. A file that is damaged is an error here,
 * not missing memory later.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* Does it begin like one? */
bool compressed_file_is(int fd);

/* The contents, in a new file. `name` is for messages. */
struct error *compressed_file_expand(int fd, const char *name, int *ret_fd);

/* The same from bytes. For the fuzzer, which wants no large files: more than `limit` bytes are an
 * error. */
struct error *compressed_bytes_expand(
	const uint8_t *bytes, size_t length, uint64_t limit, const char *name, int *ret_fd);
