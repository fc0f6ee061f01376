/* A hash map from addresses (never 0) to pointers, which many threads may read, without a lock,
 * while one adds to it. Nothing is ever taken out, and tables that have become too small stay until
 * the end, because somebody may be reading them.
 *
 * Who adds holds a lock of the caller's. A reader that has just missed what was added must look
 * again under that lock.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "address.h"

struct shared_table;

struct shared_map {
	struct shared_table *table; /* NULL: it is empty */
	size_t count;
};

/* False when the key is not there. */
bool shared_map_get(const struct shared_map *map, addr_t key, const void **ret);

/* Adds or replaces. */
void shared_map_set(struct shared_map *map, addr_t key, const void *value);

void shared_map_deinit(struct shared_map *map);
