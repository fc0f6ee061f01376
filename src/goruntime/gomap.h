/* Go's maps in memory: hash buckets (up to 1.23) and Swiss tables (1.24 and later).
 *
 * Sources: Go, runtime/map.go (hmap, bmap), internal/runtime/maps (Map, table, group),
 * internal/abi/map_*.go.
 */
#pragma once

#include "gotype.h"

struct go_map {
	addr_t address; /* of the header */
	const struct go_type *type;
	uint64_t entries;
	bool writing; /* a goroutine is in the middle of a change */
};

/* Reads and checks a header. False: it is no map of this type. */
bool gomap_open(
	struct types *types, const struct go_type *type, addr_t address, struct go_map *ret);

/* Bytes of the object that is the header. */
uint64_t gomap_header_size(const struct layout *layout);

enum map_part {
	MAP_PART_GROUPS,    /* an array of groups or buckets; count: how many */
	MAP_PART_TABLE,     /* the header of a table */
	MAP_PART_DIRECTORY, /* pointers to tables; count: how many */
};

struct map_piece {
	enum map_part part;
	addr_t address;
	uint64_t count;
	bool old; /* buckets that are being moved to new ones */
};

typedef void map_piece_fn(void *context, const struct map_piece *piece);

/* The memory of a map, but for its header; overflow buckets come one by one. False: it is damaged
 * or was changed while it was read. */
bool gomap_pieces(
	struct types *types, const struct go_map *map, map_piece_fn *visit, void *context);

/* An entry: where its key and its value are. */
struct map_entry {
	addr_t key;
	addr_t elem;
};

/* Returns true to stop. */
typedef bool map_entry_fn(void *context, const struct map_entry *entry);

/* Calls for every entry; returns how many there were. */
uint64_t gomap_entries(
	struct types *types, const struct go_map *map, map_entry_fn *visit, void *context);

/* Places for entries, and bytes of all pieces, by their types (not by the slots they lie in). */
struct map_size {
	uint64_t slots;
	uint64_t table_bytes;
};
struct map_size gomap_size(struct types *types, const struct go_map *map);
