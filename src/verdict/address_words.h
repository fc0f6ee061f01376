/* Integers that are addresses of objects: uintptr fields, elements and keys of maps. The collector
 * does not follow them, so the object may be gone.
 *
 * Only memory that was captured is looked at: a value must have pointers beside the uintptr.
 */
#pragma once

#include "cuts.h"
#include "value_walk.h"

/* The uintptrs at a place. */
struct address_words {
	uint64_t words;   /* that are not 0 */
	uint64_t objects; /* where an object begins that is allocated */
	uint64_t
		gone; /* where an object begun, or may have: a free slot, a free page of the heap */
	node_t first; /* the least of the objects that have a word of the last sort */
};

struct address_census {
	const struct analysis *analysis;
	const struct value_places *places;
	struct address_words *of; /* by worker and place; after address_census_merge() by place */
};

struct address_census *address_census_create(
	const struct analysis *analysis, const struct value_places *places);
void address_census_destroy(struct address_census *census);

/* What it wants to see of a walk. */
struct value_visitor address_census_visitor(struct address_census *census);

/* Adds up what the workers counted, after the walk. */
void address_census_merge(struct address_census *census);

/* What the entries and structs whose word is the address of something that is gone keep alive:
 * the values of maps, the structs themselves. */
struct error *address_census_price(
	const struct address_census *census, uint32_t place, struct freed *ret);
