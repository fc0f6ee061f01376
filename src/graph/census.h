/* What collections have in them at one moment: maps, sync.Maps, and slices of functions and
 * listeners that package variables lead to. Two of them tell which collections have only grown.
 *
 * A member is known by a hash of the bytes of its key (for a string: where it is and how long), or
 * of the element of the slice. Tables without pointers are not captured, so their members are not
 * known; neither are those of small collections.
 */
#pragma once

#include "analysis.h"
#include "map_list.h"

enum collection_kind { COLLECTION_MAP, COLLECTION_SYNC_MAP, COLLECTION_SLICE };

struct collection {
	enum collection_kind kind;
	addr_t address;    /* of the header of a map, of the sync.Map, of the slice's three words */
	uint64_t type_key; /* baseline_type_key() of its type; of a slice the bytes of an element */
	const struct go_type *type; /* as in listed_map; NULL of a slice, and when detached
				     */
	uint64_t entries;
	uint64_t held_bytes; /* retained by the map, or by the array of the slice */
	node_t node;         /* as in listed_map; of a slice its array */
	bool known;          /* are the members? */
	uint64_t *members;   /* their hashes, sorted; `entries` of them */
};

struct census {
	VEC(struct collection) list;
	struct addrmap places; /* address -> place in list */
};

void census_take(const struct analysis *analysis, const struct map_list *maps, struct census *ret);
void census_deinit(struct census *census);

/* Forgets what belongs to the analysis. */
void census_detach(struct census *census);

/* The same collection in another census: NULL when it was not there. */
const struct collection *census_find(const struct census *census, const struct collection *later);

/* How many members of `earlier` are in `later`. Both must be known. */
uint64_t census_survivors(const struct collection *earlier, const struct collection *later);
