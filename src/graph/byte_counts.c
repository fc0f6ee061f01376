#include "byte_counts.h"

#include "memory.h"
#include "big_table.h"

struct error *byte_counts_init(struct byte_counts *counts, size_t count)
{
	*counts = (struct byte_counts){.count = count};
	pthread_mutex_init(&counts->lock, NULL);
	return big_table_alloc(count, sizeof(*counts->units), &counts->units);
}

void byte_counts_deinit(struct byte_counts *counts)
{
	if (!counts->units)
		return;
	big_table_free(counts->units, counts->count * sizeof(*counts->units));
	addrmap_deinit(&counts->places);
	free(counts->large);
	pthread_mutex_destroy(&counts->lock);
	*counts = (struct byte_counts){0};
}

uint64_t byte_counts_large(struct byte_counts *counts, uint32_t node)
{
	uint32_t place = 0;

	pthread_mutex_lock(&counts->lock);
	addrmap_get(&counts->places, (addr_t)node + 1, &place);
	uint64_t bytes = counts->large[place];
	pthread_mutex_unlock(&counts->lock);
	return bytes;
}

void byte_counts_add_large(struct byte_counts *counts, uint32_t node, uint64_t bytes)
{
	uint32_t place;

	pthread_mutex_lock(&counts->lock);
	if (!addrmap_get(&counts->places, (addr_t)node + 1, &place)) {
		place = (uint32_t)counts->large_count;
		if (counts->large_count == counts->large_capacity) {
			counts->large_capacity = counts->large_capacity * 2 + 8;
			counts->large = memory_resize(
				counts->large, counts->large_capacity, sizeof(*counts->large));
		}
		counts->large[counts->large_count++] = (uint64_t)counts->units[node] * BYTE_UNIT;
		addrmap_set(&counts->places, (addr_t)node + 1, place);
		counts->units[node] = BYTE_COUNT_LARGE;
	}
	counts->large[place] += bytes;
	pthread_mutex_unlock(&counts->lock);
}
