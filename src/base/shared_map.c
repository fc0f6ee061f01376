#include "shared_map.h"

#include <stdint.h>
#include <stdlib.h>

#include "memory.h"

enum { FIRST_CAPACITY = 64 };

/* The value is written before the key, and read after it. */
struct slot {
	addr_t key;
	const void *value;
};

struct shared_table {
	struct shared_table *before; /* the smaller one that it has replaced */
	size_t capacity;             /* a power of two */
	struct slot slots[];
};

static struct slot *find_slot(struct shared_table *table, addr_t key, addr_t *ret_found)
{
	size_t mask = table->capacity - 1;

	for (size_t place = (size_t)((key * 0x9e3779b97f4a7c15ull) >> 20) & mask;;
		place = (place + 1) & mask) {
		struct slot *slot = &table->slots[place];
		addr_t found = __atomic_load_n(&slot->key, __ATOMIC_ACQUIRE);

		if (!found || found == key) {
			*ret_found = found;
			return slot;
		}
	}
}

bool shared_map_get(const struct shared_map *map, addr_t key, const void **ret)
{
	struct shared_table *table = __atomic_load_n(&map->table, __ATOMIC_ACQUIRE);
	addr_t found;

	if (!table || !key)
		return false;
	const struct slot *slot = find_slot(table, key, &found);

	if (!found)
		return false;
	*ret = __atomic_load_n(&slot->value, __ATOMIC_ACQUIRE);
	return true;
}

static void put(struct shared_table *table, addr_t key, const void *value)
{
	addr_t found;
	struct slot *slot = find_slot(table, key, &found);

	__atomic_store_n(&slot->value, value, __ATOMIC_RELEASE);
	__atomic_store_n(&slot->key, key, __ATOMIC_RELEASE);
}

static void grow(struct shared_map *map)
{
	struct shared_table *old = map->table;
	size_t capacity = old ? old->capacity * 2 : FIRST_CAPACITY;
	struct shared_table *table = memory_alloc(sizeof(*table) + capacity * sizeof(struct slot));

	table->capacity = capacity;
	table->before = old;
	for (size_t i = 0; old && i < old->capacity; i++) {
		if (old->slots[i].key)
			put(table, old->slots[i].key, old->slots[i].value);
	}
	__atomic_store_n(&map->table, table, __ATOMIC_RELEASE);
}

void shared_map_set(struct shared_map *map, addr_t key, const void *value)
{
	const void *before;

	if (!key)
		return;
	if (!shared_map_get(map, key, &before)) {
		if (!map->table || (map->count + 1) * 2 > map->table->capacity)
			grow(map);
		map->count++;
	}
	put(map->table, key, value);
}

void shared_map_deinit(struct shared_map *map)
{
	for (struct shared_table *table = map->table, *before; table; table = before) {
		before = table->before;
		free(table);
	}
	*map = (struct shared_map){0};
}
