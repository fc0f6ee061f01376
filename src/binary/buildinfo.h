/* The build information that the Go linker puts into every program.
 *
 * "\xff Go buildinf:", pointer size, flags; with flag 2 (Go 1.18 and later) two strings follow at
 * offset 32, each with its length as a uvarint: the version, and the module information.
 * Source: Go, debug/buildinfo/buildinfo.go.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buildinfo {
	char *version;   /* malloc()ed */
	char *main_path; /* malloc()ed, or NULL */
};

/* The bytes begin with the magic? Then true, and ret is filled. */
bool buildinfo_parse(const uint8_t *bytes, size_t length, struct buildinfo *ret);

/* Looks for it at every 16-byte boundary. */
bool buildinfo_search(const uint8_t *bytes, size_t length, struct buildinfo *ret);
