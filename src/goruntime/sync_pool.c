#include "sync_pool.h"

#include "addrmap.h"
#include "cycle.h"
#include "locate_code.h"

enum {
	LISTS = 2, /* sync.allPools and sync.oldPools */
	MAX_POOLS = 1 << 20,
	MAX_PROCESSORS = 1 << 16,
	MAX_RINGS = 1 << 16,  /* in a chain: each is twice as large as the one before */
	MAX_RING = 1 << 30,   /* poolqueue.go, dequeueLimit */
	MAX_PLACES = 1 << 25, /* for values, in all pools */
	/* sync.Pool */
	POOL_LOCAL = 0,
	POOL_VICTIM = 16,
	POOL_NEW = 32,
	/* sync.poolLocal */
	LOCAL_SIZE = 128,
	LOCAL_PRIVATE = 0,
	LOCAL_TAIL = 24,
	/* sync.poolChainElt */
	RING_VALUES = 8,
	RING_NEXT = 32,
	INTERFACE_SIZE = 16,
};

/* An array of locals, one for each P. */
struct locals {
	addr_t array;
	uint64_t count;
};

static struct locals read_locals(struct reader *reader, addr_t at)
{
	return (struct locals){reader_u64(reader, at), reader_u64(reader, at + 8)};
}

/* The size of victims is 0 once nothing was found in them (getSlow). */
static bool are_locals(const struct locals *locals)
{
	return locals->array % 8 == 0 && locals->count <= MAX_PROCESSORS &&
	       (locals->array || !locals->count);
}

static bool is_pool(const struct goruntime *runtime, addr_t pool)
{
	struct reader reader = reader_over(runtime->target);
	struct locals local = read_locals(&reader, pool + POOL_LOCAL);
	struct locals victim = read_locals(&reader, pool + POOL_VICTIM);
	addr_t make = reader_u64(&reader, pool + POOL_NEW);
	addr_t entry = make ? reader_u64(&reader, make) : 0;

	return pool && pool % 8 == 0 && !reader.failed && are_locals(&local) &&
	       are_locals(&victim) && (local.array || victim.array) &&
	       (!entry || modules_of_text(&runtime->modules, entry));
}

/* A slice of pools. */
static bool is_pool_list(const struct goruntime *runtime, addr_t address)
{
	struct reader reader = reader_over(runtime->target);
	addr_t array = reader_u64(&reader, address);
	uint64_t count = reader_u64(&reader, address + 8);
	uint64_t capacity = reader_u64(&reader, address + 16);

	if (reader.failed || !array || array % 8 || !count || count > capacity ||
		capacity > MAX_POOLS)
		return false;
	for (uint64_t i = 0; i < count; i++) {
		if (!is_pool(runtime, reader_u64(&reader, array + 8 * i)))
			return false;
	}
	return !reader.failed;
}

struct loader {
	struct reader reader;
	struct sync_pools *pools;
	uint64_t places; /* that were looked at */
	bool victim;
};

/* A pool of a damaged target may have any number of places. */
static void spend(struct loader *loader)
{
	loader->reader.failed |= loader->places++ >= MAX_PLACES;
}

static void add_value(struct loader *loader, addr_t at)
{
	struct pooled_value value = {.type = reader_u64(&loader->reader, at),
		.data = reader_u64(&loader->reader, at + 8),
		.victim = loader->victim};

	spend(loader);
	if (value.type && value.data && !loader->reader.failed)
		vec_push(&loader->pools->values, value);
}

/* From the ring that others take from to the one that its P fills. */
static void add_chain(struct loader *loader, addr_t ring)
{
	struct cycle cycle = {0};

	for (unsigned i = 0;
		ring && i < MAX_RINGS && !loader->reader.failed && !cycle_closes(&cycle, ring);
		i++) {
		addr_t values = reader_u64(&loader->reader, ring + RING_VALUES);
		uint64_t count = reader_u64(&loader->reader, ring + RING_VALUES + 8);

		spend(loader);
		for (uint64_t k = 0; k < MIN(count, (uint64_t)MAX_RING); k++) {
			add_value(loader, values + k * INTERFACE_SIZE);
			if (loader->reader.failed)
				return;
		}
		ring = reader_u64(&loader->reader, ring + RING_NEXT);
	}
}

static void add_locals(struct loader *loader, addr_t at, bool victim)
{
	struct locals locals = read_locals(&loader->reader, at);

	loader->victim = victim;
	if (!are_locals(&locals))
		return;
	for (uint64_t i = 0; i < locals.count && !loader->reader.failed; i++) {
		addr_t local = locals.array + i * LOCAL_SIZE;

		add_value(loader, local + LOCAL_PRIVATE);
		add_chain(loader, reader_u64(&loader->reader, local + LOCAL_TAIL));
	}
	loader->reader.failed = false;
}

static void add_pool(struct loader *loader, addr_t address)
{
	struct sync_pools *pools = loader->pools;
	uint32_t first = (uint32_t)pools->values.count;

	add_locals(loader, address + POOL_LOCAL, false);
	add_locals(loader, address + POOL_VICTIM, true);
	if (pools->values.count > first)
		vec_push(&pools->list, {address, first, (uint32_t)(pools->values.count - first)});
}

void sync_pools_load(const struct goruntime *runtime, struct sync_pools *ret)
{
	struct loader loader = {.reader = reader_over(runtime->target), .pools = ret};
	struct addrmap seen = {0};
	addr_t lists[LISTS];
	size_t count = locate_in_function(
		runtime, "sync.poolCleanup", is_pool_list, 0, lists, ARRAY_SIZE(lists));

	*ret = (struct sync_pools){0};
	for (size_t i = 0; i < count; i++) {
		addr_t array = reader_u64(&loader.reader, lists[i]);
		uint64_t length = reader_u64(&loader.reader, lists[i] + 8);

		for (uint64_t k = 0; k < MIN(length, (uint64_t)MAX_POOLS); k++) {
			addr_t pool = reader_u64(&loader.reader, array + 8 * k);

			if (!pool || loader.reader.failed || addrmap_get(&seen, pool, NULL))
				continue;
			addrmap_set(&seen, pool, 0);
			add_pool(&loader, pool);
		}
	}
	addrmap_deinit(&seen);
}

void sync_pools_deinit(struct sync_pools *pools)
{
	vec_deinit(&pools->list);
	vec_deinit(&pools->values);
}
