/* Which functions use a variable: for variables whose name is not in the program.
 *
 * amd64 code refers to variables relative to the instruction pointer: a ModRM byte with mod 0 and
 * r/m 5, then a 32-bit displacement, then an immediate of 0, 1 or 4 bytes (Intel SDM, volume
 * 2, 2.1.5). For arm64 see code_arm64.h.
 *
 * A word inside of a struct (the victim cache of a sync.Pool) may be used only through the address
 * of the struct. Such a word is given the users of the nearest address before it that code takes
 * with LEA (arm64: ADD). (The linker orders variables by size, so that what lies between is seldom
 * another variable.)
 */
#pragma once

#include "goruntime.h"

enum {
	CODE_REFS_MAX = 2,  /* functions that are kept for a variable */
	STRUCT_REACH = 512, /* bytes from the address of a struct to a word that is taken for a part
			       of it */
};

struct code_refs {
	addr_t address; /* set by the caller */
	uint64_t size;  /* bytes from there on that count, set by the caller */
	addr_t base;    /* what the users refer to: the address, or that of a struct before it */
	struct function users[CODE_REFS_MAX];
	unsigned count;
};

/* Looks through all code once. `refs` must be sorted by address. */
void code_refs_find(const struct goruntime *runtime, struct code_refs *refs, size_t count);

/* Calls for every address outside of the code that the instructions of a function may refer to;
 * what is none may be among them. */
typedef void code_address_fn(void *context, addr_t address);
void code_refs_of_function(const struct goruntime *runtime, const struct function *function,
	code_address_fn *visit, void *context);
