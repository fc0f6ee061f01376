/* A walk over the strings, slices, interfaces and uintptrs of everything that is alive: one pass
 * over the memory of the heap for all who want to see them.
 *
 * The objects are visited on several threads, in no fixed order: who visits adds up, or sorts what
 * was collected. What is in frames and in variables without a type is not seen.
 */
#pragma once

#include "parallel.h"
#include "value_places.h"

struct value {
	uint32_t place; /* its number */
	node_t owner;   /* the object or variable that it is in */
	addr_t at;      /* where it is */
	addr_t word; /* its first word, never 0: the bytes, the array, the type or itab, the number
		      */
	uint64_t length;   /* of strings and slices; of an interface its data word */
	uint64_t capacity; /* of slices */
};

/* `worker` is below parallel_width(). */
typedef void value_fn(void *context, unsigned worker, const struct value *value);

struct value_visitor {
	unsigned actions; /* bits by scan_action: what it wants to see */
	value_fn *visit;
	void *context;
};

#define VALUES_OF(action) (1u << (action))

struct value_walk {
	const struct analysis *analysis;
	const struct value_places *places;
	const struct value_visitor *visitors;
	size_t visitor_count;
};

struct error *value_walk_run(const struct value_walk *walk);
