/* The package variables of a program: by DWARF, else by its symbol table, else word by word. */
#pragma once

#include "debuginfo.h"
#include "goruntime.h"
#include "gotype.h"

struct go_variable {
	addr_t address;
	uint64_t size;    /* bytes */
	const char *name; /* NULL: the program does not say */
	type_ref type;    /* 0: not known */
	bool pointee;     /* what the variable of this name points to; a root of its own */
};

/* The variable that a word of data or bss belongs to. A word that nobody knows is a variable of its
 * own, without a name. debuginfo may be NULL. */
struct go_variable variable_at(
	const struct goruntime *runtime, const struct debuginfo *debuginfo, addr_t address);
