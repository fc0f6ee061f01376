/* Walks trees of map[string]any, such as a decoded JSON document, and adds what is in them to a
 * schema: maps with values of type any, []any, and what else their values are.
 *
 * Every object is counted once, whatever the number of references to it. The names of keys are told
 * from each other by their bytes; where those cannot be had (a snapshot without contents), by their
 * length, the type of their value and their number among those, which is nearly as good to see
 * whether the same keys come again and again.
 */
#pragma once

#include "analysis.h"
#include "any_schema.h"

struct any_walk {
	const struct analysis *analysis;
	uint64_t *seen;       /* bits by object */
	uint64_t values_left; /* entries and elements that will still be looked at */
	uint64_t places;      /* of schemas, that were made */
	uint64_t unnamed;     /* keys whose bytes could not be had */
};

void any_walk_init(struct any_walk *walk, const struct analysis *analysis, uint64_t limit);
void any_walk_deinit(struct any_walk *walk);

/* Is it a map with strings as keys and values of type any? */
bool any_map_is(struct types *types, const struct go_type *type);

/* Adds the tree of a map to a schema; of values that are not looked at any more, nothing. */
void any_walk_tree(struct any_walk *walk, const struct go_type *type, addr_t address,
	struct any_schema *schema);
