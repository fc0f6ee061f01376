#include "addrmap.h"

#include <stdlib.h>

#include "memory.h"

static size_t first_place(const struct addrmap *map, addr_t key)
{
	return (size_t)((key * 0x9e3779b97f4a7c15ull) >> 20) & (map->capacity - 1);
}

static size_t find_place(const struct addrmap *map, addr_t key)
{
	size_t place = first_place(map, key);

	while (map->keys[place] && map->keys[place] != key)
		place = (place + 1) & (map->capacity - 1);
	return place;
}

static void grow(struct addrmap *map)
{
	struct addrmap old = *map;

	map->capacity = old.capacity ? old.capacity * 2 : 64;
	map->keys = memory_array(map->capacity, sizeof(*map->keys));
	map->values = memory_array(map->capacity, sizeof(*map->values));
	for (size_t i = 0; i < old.capacity; i++) {
		if (!old.keys[i])
			continue;
		size_t place = find_place(map, old.keys[i]);

		map->keys[place] = old.keys[i];
		map->values[place] = old.values[i];
	}
	free(old.keys);
	free(old.values);
}

bool addrmap_get(const struct addrmap *map, addr_t key, uint32_t *ret)
{
	if (!map->capacity || !key)
		return false;
	size_t place = find_place(map, key);

	if (!map->keys[place])
		return false;
	if (ret)
		*ret = map->values[place];
	return true;
}

void addrmap_set(struct addrmap *map, addr_t key, uint32_t value)
{
	if (!key)
		return;
	if (map->count * 2 >= map->capacity)
		grow(map);
	size_t place = find_place(map, key);

	if (!map->keys[place])
		map->count++;
	map->keys[place] = key;
	map->values[place] = value;
}

void addrmap_deinit(struct addrmap *map)
{
	free(map->keys);
	free(map->values);
	*map = (struct addrmap){0};
}
