/* What the fields of one value lead to, and how much of that nothing else keeps alive. */
#pragma once

#include "analysis.h"

struct value_field {
	uint64_t offset;            /* of the field in the value */
	enum go_kind kind;          /* of the field */
	const struct go_type *type; /* of what is there; NULL: no single value, or not known */
	addr_t to;
	node_t node;    /* the object that `to` is in */
	uint64_t bytes; /* that object and all it keeps alive; 0: others lead to it as well */
};

typedef void value_field_fn(void *context, const struct value_field *field);

/* Calls for every pointer, slice, string, map, channel, function and interface of a value that
 * leads to an object of the heap. `owner`: the object that the value is in. */
void value_fields_each(const struct analysis *analysis, const struct go_type *type, addr_t address,
	node_t owner, value_field_fn *visit, void *context);
