/* Slices of what is registered to be called: functions, channels, values with methods. Those that
 * package variables lead to, by themselves or through a few structs: the registries of a program.
 * Where the type of a slice is not known, functions are recognised by what they point to.
 */
#pragma once

#include "analysis.h"

struct listener_slice {
	addr_t address; /* of its three words: pointer, length, capacity */
	addr_t elements;
	uint64_t length;
	uint64_t unit; /* bytes of an element */
	node_t array;
};

typedef void listener_slice_fn(void *context, const struct listener_slice *slice);

void listener_slices_each(const struct analysis *analysis, listener_slice_fn *visit, void *context);

/* Is it a function, a channel, an interface with methods, or a struct with one of these in it, or a
 * pointer to such a struct? */
bool listener_is(struct types *types, const struct go_type *type);
