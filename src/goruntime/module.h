/* The modules of a Go program: runtime.moduledata, found without symbols.
 *
 * A program is one module; plugins and shared libraries add more (`next`). A module knows where its
 * text, types, data and the pointer masks of its data are, and where its function table is.
 * Sources: Go, runtime/symtab.go (moduledata, pcHeader), cmd/link/internal/ld/pcln.go.
 */
#pragma once

#include "address.h"
#include "error.h"
#include "executable.h"
#include "layout.h"
#include "pclntab.h"
#include "target.h"

/* A pointer mask: bit i says whether word i holds a pointer. */
struct bitvector {
	uint32_t count; /* bits */
	addr_t bits;
};

struct module {
	addr_t address; /* of the moduledata */
	addr_t text, etext;
	addr_t noptrdata, enoptrdata, data, edata, bss, ebss, noptrbss, enoptrbss, end;
	addr_t types, etypes;
	addr_t rodata;
	struct bitvector data_mask, bss_mask;
	struct pclntab functions;
	bool has_main; /* false: of a library or an archive in a C program, which calls Go */
	addr_t next;
};

struct modules {
	VEC(struct module) list; /* the first one is the program */
	VEC(uint8_t *) copies;   /* of tables that are only in the memory of a process */
};

/* Finds the program's module and what hangs on it. Every check of the self-check list for
 * moduledata is made here, and a violation is ERROR_LAYOUT. */
struct error *modules_find(const struct target *target, const struct executable *executable,
	const struct layout *layout, struct modules *ret);
void modules_deinit(struct modules *modules);

/* The module whose text, types or data holds the address, or NULL. */
const struct module *modules_of_text(const struct modules *modules, addr_t pc);
const struct module *modules_of_type(const struct modules *modules, addr_t type);
