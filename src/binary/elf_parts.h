/* Parts of an ELF file by their names: sections, and the notes that identify a program.
 *
 * Sources: elf(5); GNU build id: binutils, ld/ldelf.c; Go's: Go, cmd/link/internal/ld/elf.go
 * (ELF_NOTE_GOBUILDID_TAG).
 */
#pragma once

#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_BUILD_ID = 128 }; /* bytes; the longer ones are not looked at */

/* What the linker calls a program: 20 bytes of a hash by GNU ld, about 83 characters by Go. */
struct build_id {
	uint8_t bytes[MAX_BUILD_ID];
	size_t length; /* 0: there is none */
};

/* The first section of that name; its header is written. NULL: there is none. */
Elf_Scn *elf_section_named(Elf *elf, const char *name, GElf_Shdr *ret);

struct build_id elf_gnu_build_id(Elf *elf);
struct build_id elf_go_build_id(Elf *elf);

/* In hexadecimal, malloc()ed; "" when there is none. */
char *build_id_hex(const struct build_id *id);
