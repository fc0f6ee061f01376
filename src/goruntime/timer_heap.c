#include "timer_heap.h"

enum {
	MAX_P = 1 << 16,
	P_STATUS_LAST = 4, /* runtime2.go: _Pdead */
};

/* Is there a P at the address, with the array as its timers? */
static bool is_timers_of(const struct heap *heap, addr_t p, addr_t array)
{
	const struct layout *layout = &heap->runtime->layout;
	struct reader reader = reader_over(heap->runtime->target);
	addr_t timers = p + layout->p.timers.at;

	if (field_present(layout->timers.heap))
		timers += layout->timers.heap.at;
	addr_t found = reader_u64(&reader, timers);

	return (found == array || found == array + sizeof(addr_t)) &&
	       read_field(&reader, p, layout->p.id) < MAX_P &&
	       read_field(&reader, p, layout->p.status) <= P_STATUS_LAST && !reader.failed;
}

bool timer_heap_is(const struct heap *heap, object_t object)
{
	addr_t array = heap_address(heap, object);

	for (uint32_t i = 0; i < heap->scan_spans; i++) {
		const struct span *span = &heap->spans[i];
		uint64_t header = span_header_bytes(span);

		if (span->elemsize != size_class_round(heap->runtime->layout.p.size + header))
			continue;
		for (uint32_t slot = 0; slot < span->nelems; slot++) {
			addr_t p = span->start + slot * span->elemsize + header;

			if (span_allocated(heap, span, slot) && is_timers_of(heap, p, array))
				return true;
		}
	}
	return false;
}
