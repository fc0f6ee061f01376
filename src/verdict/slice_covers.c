#include "slice_covers.h"

#include <string.h>

#include "big_table.h"
#include "referrers.h"

struct error *slice_covers_create(const struct analysis *analysis,
	const struct value_places *places, struct slice_covers **ret)
{
	_cleanup_(cleanup_slice_covers) struct slice_covers *covers = memory_alloc(sizeof(*covers));
	const struct heap *heap = analysis->heap;

	covers->analysis = analysis;
	covers->places = places;
	covers->large = memory_array(BITSET_WORDS(heap->span_count), 8);
	covers->first_of = memory_array(heap->span_count, sizeof(*covers->first_of));
	covers->slices =
		memory_array(places->list.count * parallel_width(), sizeof(*covers->slices));
	for (uint32_t i = 0; i < heap->span_count; i++) {
		if (heap->spans[i].elemsize < LARGE_OBJECT)
			continue;
		bitset_add(covers->large, i);
		covers->first_of[i] = (uint32_t)covers->count;
		covers->count += heap->spans[i].nelems;
	}
	TRY(big_table_alloc(covers->count, sizeof(*covers->of), &covers->of));
	*ret = take_pointer(covers);
	return NULL;
}

void slice_covers_destroy(struct slice_covers *covers)
{
	if (!covers)
		return;
	big_table_free(covers->of, covers->count * sizeof(*covers->of));
	free(covers->large);
	free(covers->first_of);
	free(covers->slices);
	free(covers);
}

static void raise_to(uint64_t *value, uint64_t least)
{
	uint64_t now = __atomic_load_n(value, __ATOMIC_RELAXED);

	while (now < least && !__atomic_compare_exchange_n(
				      value, &now, least, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

static struct cover *cover_of(
	const struct slice_covers *covers, const struct span *span, uint32_t slot)
{
	return &covers->of[covers->first_of[span - covers->analysis->heap->spans] + slot];
}

/* What is shown of a large object. */
struct part {
	uint64_t begin, length, capacity; /* bytes */
};

static void add_part(struct cover *cover, const struct value *value, const struct part *part)
{
	raise_to(&cover->first, ~((uint64_t)value->place << 32 | value->owner));
	raise_to(&cover->low, ~part->begin);
	raise_to(&cover->high, part->begin + part->length);
	__atomic_fetch_add(&cover->shown_bytes, part->length, __ATOMIC_RELAXED);
	__atomic_fetch_add(&cover->copy_bytes, part->length ? size_class_round(part->length) : 0,
		__ATOMIC_RELAXED);
	__atomic_fetch_add(&cover->seen, 1, __ATOMIC_RELAXED);
	if (!part->begin && part->capacity > part->length)
		__atomic_fetch_add(&cover->roomy, 1, __ATOMIC_RELAXED);
}

static void visit(void *context, unsigned worker, const struct value *value)
{
	struct slice_covers *covers = context;
	const struct heap *heap = covers->analysis->heap;
	const struct value_place *place = &covers->places->list.items[value->place];
	const struct span *span = heap_span_at(heap, value->word);

	if (!span)
		return;
	if (place->action == SCAN_SLICE && value->capacity)
		covers->slices[worker * covers->places->list.count + value->place]++;
	if (!bitset_has(covers->large, (uint64_t)(span - heap->spans)))
		return;
	uint32_t slot = span_slot_at(span, value->word);
	if (slot >= span->nelems)
		return;
	uint64_t header = span_header_bytes(span);
	uint64_t begin = value->word - span->start - slot * span->elemsize;
	uint64_t unit = place->action == SCAN_SLICE ? place->type->size : 1;
	uint64_t room = span->elemsize - begin;
	/* A length that does not fit was read in the middle of a change: the object is all shown.
	 */
	bool fits = unit && value->length <= room / unit;
	add_part(cover_of(covers, span, slot), value,
		&(struct part){begin - MIN(begin, header), fits ? value->length * unit : room,
			fits ? value->capacity * unit : 0});
}

struct value_visitor slice_covers_visitor(struct slice_covers *covers)
{
	return (struct value_visitor){
		.actions = VALUES_OF(SCAN_STRING) | VALUES_OF(SCAN_SLICE),
		.visit = visit,
		.context = covers,
	};
}

uint64_t slice_covers_of_place(const struct slice_covers *covers, uint32_t place)
{
	uint64_t count = 0;

	for (unsigned worker = 0; worker < parallel_width(); worker++)
		count += covers->slices[worker * covers->places->list.count + place];
	return count;
}

void slice_covers_each(struct slice_covers *covers, cover_fn *visit_cover, void *context)
{
	const struct heap *heap = covers->analysis->heap;

	for (uint32_t i = 0; i < heap->span_count; i++) {
		const struct span *span = &heap->spans[i];

		for (uint32_t slot = 0; bitset_has(covers->large, i) && slot < span->nelems;
			slot++) {
			struct cover *cover = cover_of(covers, span, slot);

			if (cover->seen && analysis_alive(covers->analysis, span->first + slot))
				visit_cover(context, cover, span->first + slot);
		}
	}
}

static void count_reference(void *context, node_t from, node_t to)
{
	struct slice_covers *covers = context;
	object_t object = object_of_node(covers->analysis->objects, to);
	const struct span *span = heap_span_of(covers->analysis->heap, object);

	(void)from;
	__atomic_fetch_add(
		&cover_of(covers, span, object - span->first)->references, 1, __ATOMIC_RELAXED);
}

struct error *slice_covers_count_references(struct slice_covers *covers, const uint64_t *wanted)
{
	return referrers_each(covers->analysis, wanted, count_reference, covers);
}
