#include "special.h"

#include "cycle.h"

enum { MAX_SPECIALS = 1 << 24 }; /* of a span */

bool specials_of_span(
	const struct heap *heap, const struct span *span, special_fn *visit, void *context)
{
	const struct layout *layout = &heap->runtime->layout;
	struct reader reader = reader_over(heap->runtime->target);
	struct special special = {.address = span->specials, .span = span};
	struct cycle cycle = {0};
	uint64_t last = 0, count = 0;

	while (special.address) {
		uint64_t offset = read_field(&reader, special.address, layout->special.offset);
		addr_t next = read_field(&reader, special.address, layout->special.next);

		special.kind = (uint8_t)read_field(&reader, special.address, layout->special.kind);
		special.slot = span_slot_at(special.span, special.span->start + offset);
		/* Sorted by offset and kind, and inside of the span: else it is no such list. */
		if (reader.failed || count++ > MAX_SPECIALS ||
			cycle_closes(&cycle, special.address) || offset < last ||
			special.slot >= special.span->nelems || !special.kind ||
			special.kind > layout->features.special_kinds.last)
			return false;
		visit(context, &special);
		last = offset;
		special.address = next;
	}
	return true;
}

uint64_t specials_each(const struct heap *heap, special_fn *visit, void *context)
{
	uint64_t broken = 0;

	for (uint32_t i = 0; i < heap->span_count; i++)
		broken += !specials_of_span(heap, &heap->spans[i], visit, context);
	return broken;
}
