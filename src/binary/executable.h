/* The program file of a target: ELF headers, sections, build id, Go build information.
 *
 * Nothing here needs symbols or DWARF. Addresses are those of the running program: the file's plus
 * `bias`, which is 0 for a program that is not position-independent.
 * Sources: elf(5); Go: debug/buildinfo, cmd/link/internal/ld (writes .go.buildinfo).
 */
#pragma once

#include <libelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "error.h"
#include "memory.h"
#include "target.h"

struct executable {
	char *path; /* for messages */
	Elf *elf;
	const uint8_t *bytes; /* of the whole file, by libelf */
	size_t length;
	addr_t bias;
	enum processor processor;
	bool position_independent;
	bool stripped;    /* the file itself has neither symbols nor DWARF */
	Elf *names;       /* has them: `elf`, or a separate debug file */
	char *names_path; /* of that file; NULL when it is none */
	bool has_symbols; /* .symtab, in `names` */
	bool has_dwarf;   /* .debug_info, in `names` */
	char *go_version; /* as the linker wrote it: "go1.26.1", "go1.25.3 X:greenteagc" */
	char *main_path;  /* of the main package; NULL when not recorded */
};

/* ERROR_NOT_GO, ERROR_UNSUPPORTED, or what is wrong with the file. The target must have one. */
struct error *executable_open(const struct target *target, struct executable **ret);
void executable_destroy(struct executable *executable);
DEFINE_CLEANUP(executable)

/* Is this the program that made the core? Compares the build id notes where the core has them. */
struct error *executable_check_belongs(
	const struct executable *executable, const struct target *target);

/* From now on symbols and DWARF are those of a separate debug file, which is taken over. At most
 * once; names that were read before remain valid. */
void executable_take_names(struct executable *executable, Elf *names, const char *path);

/* The read-only pages of the file stand in where a core has none, as those of the files that a core
 * lists do. The target must not be read after the executable is destroyed. */
void executable_lend_pages(const struct executable *executable, struct target *target);

/* Tells a core that lists no files where its program was mapped. */
void executable_add_mappings(const struct executable *executable, struct target *target);

/* The bytes of a section, and its address in the target (0: not loaded). False: no such section. */
struct section {
	addr_t address;
	const uint8_t *bytes;
	size_t length;
};
bool executable_section(const struct executable *executable, const char *name, struct section *ret);

/* The end of the last segment that may be written to, 0 when there is none. */
addr_t executable_data_end(const struct executable *executable);

/* The bytes of the file that are mapped at an address, or NULL. */
const uint8_t *executable_view(const struct executable *executable, addr_t address, size_t length);
