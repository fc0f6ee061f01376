/* A hash map from addresses (never 0) to 32-bit numbers, by open addressing. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"

struct addrmap {
	addr_t *keys;
	uint32_t *values;
	size_t capacity; /* a power of two, or 0 */
	size_t count;
};

/* False when the key is not there. ret may be NULL. */
bool addrmap_get(const struct addrmap *map, addr_t key, uint32_t *ret);

/* Adds or replaces. */
void addrmap_set(struct addrmap *map, addr_t key, uint32_t value);

void addrmap_deinit(struct addrmap *map);
