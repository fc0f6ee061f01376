/* What is in the sync.Pools of a program.
 *
 * A pool keeps values for each P: one at hand, and a chain of rings. A collection makes the caches
 * of a pool its victims, and drops the victims of the one before: a value that nobody has taken out
 * goes with the second collection.
 *
 * Source: Go, sync/pool.go, sync/poolqueue.go (layout unchanged from 1.19 to 1.27).
 */
#pragma once

#include "goruntime.h"

enum { SYNC_POOL_SIZE = 40 }; /* bytes of a sync.Pool */

struct pooled_value {
	addr_t data; /* the data word of the interface that it is in */
	addr_t type; /* the type word */
	bool victim; /* it was there before the last collection, and has not been used since */
};

struct sync_pool {
	addr_t address;
	uint32_t first, count; /* in sync_pools.values */
};

struct sync_pools {
	VEC(struct sync_pool) list;
	VEC(struct pooled_value) values;
};

/* Those that have something in them, each once. */
void sync_pools_load(const struct goruntime *runtime, struct sync_pools *ret);
void sync_pools_deinit(struct sync_pools *pools);
