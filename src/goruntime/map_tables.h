/* What the tables of a map cost, what is left in them of entries that were deleted, and what tables
 * a new map of so many entries gets.
 *
 * A map never gives tables back. What says that there were more entries: in Swiss tables
 * tombstones, which stay where a group was full (counted by used and growthLeft, without the
 * groups); in hash buckets overflow buckets, which only full buckets get, and slots marked
 * emptyOne. A map that was made large and has never been filled has none of them, nor has one that
 * was cleared.
 *
 * Sources: Go, runtime/map.go (makemap, makeBucketArray, mapdelete), internal/runtime/maps
 * (NewMap, table.Delete, table.tombstones).
 */
#pragma once

#include "gomap.h"
#include "heap.h"

struct map_tables {
	uint64_t bytes;    /* of the objects that they are, without the header of the map */
	uint64_t slots;    /* places for entries */
	uint64_t deleted;  /* slots that say that their entry was deleted, as far as captured */
	uint64_t overflow; /* buckets chained to full ones */
};

/* False: it is damaged, or was changed while it was read. */
bool map_tables_read(struct types *types, const struct heap *heap, const struct go_map *map,
	struct map_tables *ret);

/* Bytes of the tables of make(map, entries), without its header. */
uint64_t map_tables_bytes_of_new(struct types *types, const struct go_type *type, uint64_t entries);
