/* The symbol table of a program (.symtab), when it has one: a name for an address and back. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "address.h"
#include "executable.h"

struct symbol {
	addr_t address; /* in the target */
	uint64_t size;  /* bytes */
	const char *name;
};

struct symbols {
	VEC(struct symbol) data; /* variables, sorted by address */
};

/* Reads the variables. A program without symbols gives an empty table. */
void symbols_read(const struct executable *executable, struct symbols *ret);
void symbols_deinit(struct symbols *symbols);

/* 0 when there is no variable of that name. */
addr_t symbols_address(const struct symbols *symbols, const char *name);

/* The variable that covers the address, or NULL. */
const struct symbol *symbols_find(const struct symbols *symbols, addr_t address);
