#include "timer_heap.h"

bool timer_heap_is(const struct heap *heap, object_t object, addr_t referenced)
{
	const struct layout *layout = &heap->runtime->layout;
	struct reader reader = reader_over(heap->runtime->target);
	/* A type is in front of larger objects with pointers (malloc.go, since 1.22). */
	uint64_t header = heap_span_of(heap, object)->map == SPAN_MAP_HEADER ? sizeof(addr_t) : 0;
	addr_t timers = heap_address(heap, object) + header + layout->p.timers.at;

	if (heap_size(heap, object) != size_class_round(layout->p.size + header))
		return false;
	if (field_present(layout->timers.heap))
		timers += layout->timers.heap.at;
	return reader_u64(&reader, timers) == referenced && !reader.failed;
}
