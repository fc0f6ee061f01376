/* sync.Map in memory: two maps of entries (up to 1.23), a hash trie (1.24 and later); the trie is
 * also used alone, by package unique since 1.23.
 *
 * Sources: Go, sync/map.go (1.19 to 1.23), sync/hashtriemap.go, internal/sync/hashtriemap.go,
 * internal/concurrent/hashtriemap.go (1.23).
 */
#pragma once

#include "gotype.h"

struct sync_map {
	addr_t address;             /* of the sync.Map, or of the trie */
	const struct go_type *type; /* of the sync.Map, or of the trie */
	uint64_t entries;
	uint64_t slots;       /* places in inner nodes of a trie; in its maps, those of the maps */
	uint64_t table_bytes; /* of inner nodes and entries, or of its maps and entries */
	addr_t parts[2];      /* the objects that everything in it hangs on; 0: none */
	addr_t inner_maps[2]; /* headers of the maps that it is made of; 0: none */
	const struct go_type *inner_type; /* of those maps */
	uint64_t deleted;                 /* entries of those maps whose value was deleted */
};

/* Is a type a sync.Map or a hash trie? */
bool sync_map_is(const struct go_type *type);

/* Called with the address of a key; returns false to stop. */
typedef bool sync_map_key_fn(void *context, addr_t key);

/* Counts one. False: it is damaged, or was changed while it was read. */
bool sync_map_read(
	struct types *types, const struct go_type *type, addr_t address, struct sync_map *ret);

/* Bytes of its keys; 0: it is a trie that is used alone, whose keys may have any type. */
uint64_t sync_map_key_size(const struct go_type *type);

/* Calls for every entry. False as above. */
bool sync_map_keys(struct types *types, const struct go_type *type, addr_t address,
	sync_map_key_fn *visit, void *context);
