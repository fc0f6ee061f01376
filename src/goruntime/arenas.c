#include "arenas.h"

#include "mspan.h"

enum { MAX_ARENAS = 1 << 21 }; /* of a 47-bit address space */

struct error *arenas_list(const struct goruntime *runtime, struct ranges *ret)
{
	struct reader reader = reader_over(runtime->target);
	addr_t slice = runtime->mheap + runtime->layout.mheap.arena_list.at;
	addr_t array = reader_u64(&reader, slice);
	uint64_t count = reader_u64(&reader, slice + 8);
	struct ranges arenas = {0};

	if (count > MAX_ARENAS)
		return error_create(
			ERROR_LAYOUT, "the heap has %llu arenas", (unsigned long long)count);
	for (uint64_t i = 0; i < count && !reader.failed; i++) {
		addr_t start = (reader_u64(&reader, array + 8 * i) << ARENA_SHIFT) -
			       runtime->layout.facts.arena_base;

		ranges_add(&arenas, start, start + ((addr_t)1 << ARENA_SHIFT));
	}
	ranges_normalise(&arenas);
	struct error *error = reader_error(&reader, "mheap.heapArenas");
	if (error) {
		ranges_deinit(&arenas);
		return error;
	}
	*ret = arenas;
	return NULL;
}
