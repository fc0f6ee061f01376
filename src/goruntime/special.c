#include "special.h"

#include "cycle.h"

enum {
	MAX_SPECIALS = 1 << 24, /* of a span */
	CLEANUP_CAPTURES = 2,   /* words, of the function that AddCleanup makes up to 1.25 */
};

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

/* mcleanup.go: up to 1.25 func() { cleanup(arg) }, which has captured both, or (in 1.25) the places
 * where they are; later {call, fn, arg}. */
static addr_t cleanup_function(const struct goruntime *runtime, addr_t special)
{
	const struct layout *layout = &runtime->layout;
	struct reader reader = reader_over(runtime->target);
	addr_t entry = 0;

	if (layout->features.cleanup_is_call)
		return goruntime_function_of_value(runtime,
			reader_u64(&reader, special + layout->special_cleanup.cleanup.at + 8));
	addr_t closure = read_field(&reader, special, layout->special_cleanup.fn);
	for (unsigned i = 1; closure && !entry && i <= CLEANUP_CAPTURES; i++) {
		addr_t captured = reader_u64(&reader, closure + 8 * i);

		entry = goruntime_function_of_value(runtime, captured);
		if (!entry && captured)
			entry = goruntime_function_of_value(runtime, reader_u64(&reader, captured));
	}
	return entry;
}

addr_t special_function(const struct heap *heap, const struct special *special)
{
	const struct layout *layout = &heap->runtime->layout;
	struct reader reader = reader_over(heap->runtime->target);

	if (special->kind == layout->features.special_kinds.cleanup)
		return cleanup_function(heap->runtime, special->address);
	if (special->kind != layout->features.special_kinds.finalizer)
		return 0;
	return goruntime_function_of_value(
		heap->runtime, read_field(&reader, special->address, layout->special_finalizer.fn));
}
