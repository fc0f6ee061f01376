/* Bytes by node, in four bytes each: multiples of 8, as all sizes in a Go heap are. What does not
 * fit (from 32 GiB on) is kept in a list.
 *
 * Nodes may be changed from several threads, each node from one.
 */
#pragma once

#include <pthread.h>

#include "addrmap.h"
#include "error.h"

struct byte_counts {
	uint32_t *units;
	size_t count;
	pthread_mutex_t lock;  /* guards the list */
	struct addrmap places; /* node + 1 -> place in large */
	uint64_t *large;
	size_t large_count, large_capacity;
};

struct error *byte_counts_init(struct byte_counts *counts, size_t count);
void byte_counts_deinit(struct byte_counts *counts);

uint64_t byte_counts_large(struct byte_counts *counts, uint32_t node);
void byte_counts_add_large(struct byte_counts *counts, uint32_t node, uint64_t bytes);

enum { BYTE_UNIT = 8 };

#define BYTE_COUNT_LARGE UINT32_MAX

static inline uint64_t byte_counts_get(const struct byte_counts *counts, uint32_t node)
{
	uint32_t units = counts->units[node];

	if (units == BYTE_COUNT_LARGE)
		return byte_counts_large((struct byte_counts *)(uintptr_t)counts, node);
	return (uint64_t)units * BYTE_UNIT;
}

static inline void byte_counts_add(struct byte_counts *counts, uint32_t node, uint64_t bytes)
{
	uint64_t units = counts->units[node] + bytes / BYTE_UNIT;

	if (units >= BYTE_COUNT_LARGE)
		byte_counts_add_large(counts, node, bytes);
	else
		counts->units[node] = (uint32_t)units;
}
