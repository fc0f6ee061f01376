/* An ELF core file as a target: the kernel's, gcore's, and silt's own, also when zstd has
 * compressed it. */
#pragma once

#include "error.h"
#include "target.h"

/* `exe` overrides where the executable is looked for; NULL: where the core says it was. The file
 * may be anything: what is not a core is an error that says so. */
struct error *core_file_open(const char *path, const char *exe, struct target **ret);

/* The same for a file that is already open; takes the descriptor over. `name` is for messages. */
struct error *core_file_open_fd(int fd, const char *name, const char *exe, struct target **ret);

/* Parses the bytes of a core. For core_file_open_fd() and the fuzzer; `bytes` must outlive target.
 */
struct error *core_file_parse(
	const uint8_t *bytes, size_t length, const char *name, struct target *target);
