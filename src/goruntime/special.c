#include "special.h"

#include "cycle.h"

enum { MAX_SPECIALS = 1 << 28 };

uint64_t specials_each(const struct heap *heap, special_fn *visit, void *context)
{
	const struct layout *layout = &heap->runtime->layout;
	uint64_t total = 0, broken = 0;

	for (uint32_t i = 0; i < heap->span_count; i++) {
		struct reader reader = reader_over(heap->runtime->target);
		struct special special = {
			.address = heap->spans[i].specials, .span = &heap->spans[i]};
		struct cycle cycle = {0};
		uint64_t last = 0;

		while (special.address && total++ < MAX_SPECIALS) {
			uint64_t offset =
				read_field(&reader, special.address, layout->special.offset);
			addr_t next = read_field(&reader, special.address, layout->special.next);

			special.kind =
				(uint8_t)read_field(&reader, special.address, layout->special.kind);
			special.slot = span_slot_at(special.span, special.span->start + offset);
			/* Sorted by offset and kind, and inside of the span: else it is no such
			 * list. */
			if (reader.failed || cycle_closes(&cycle, special.address) ||
				offset < last || special.slot >= special.span->nelems ||
				!special.kind ||
				special.kind > layout->features.special_kinds.last) {
				broken++;
				break;
			}
			visit(context, &special);
			last = offset;
			special.address = next;
		}
	}
	return broken;
}
