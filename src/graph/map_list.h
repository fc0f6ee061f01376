/* Every map of the program that is alive, and every sync.Map. */
#pragma once

#include "analysis.h"

struct listed_map {
	addr_t address;
	const struct go_type *type;
	uint64_t entries;
	uint64_t slots;          /* places for entries */
	uint64_t table_bytes;    /* of groups, buckets, directories */
	uint64_t retained_bytes; /* with everything that only this map keeps alive */
	node_t node; /* of the header; for a sync.Map of the object or variable it is in */
};

struct map_list {
	VEC(struct listed_map) list; /* by retained bytes, largest first */
	uint64_t unreadable;         /* maps that were being changed, or are damaged */
};

struct error *map_list_find(const struct analysis *analysis, struct map_list *ret);
void map_list_deinit(struct map_list *maps);
