#include "value_walk.h"

#include "bytes.h"

enum {
	SPANS_AT_ONCE = 64,     /* that a worker takes */
	MAX_COPY = 1 << 26,     /* bytes of an object that is not in one piece */
	MAX_VARIABLE = 1 << 22, /* bytes of a variable that is looked at */
	STRING_BYTES = 16,
	INTERFACE_BYTES = 16,
	SLICE_BYTES = 24,
	WORD_BYTES = 8,
};

struct walker {
	const struct value_walk *walk;
	unsigned actions; /* that anybody wants to see */
	struct parallel_share spans;
};

/* The value, or values, whose places are being looked up. */
struct unit {
	const uint8_t *bytes;
	uint64_t length;
	addr_t address;
	node_t owner;
};

static uint32_t value_bytes(enum scan_action action)
{
	switch (action) {
	case SCAN_SLICE:
		return SLICE_BYTES;
	case SCAN_STRING:
		return STRING_BYTES;
	case SCAN_INTERFACE:
		return INTERFACE_BYTES;
	default:
		return WORD_BYTES;
	}
}

static inline void visit_value(const struct walker *walker, unsigned worker,
	enum scan_action action, const struct value *value)
{
	for (size_t i = 0; i < walker->walk->visitor_count; i++) {
		const struct value_visitor *visitor = &walker->walk->visitors[i];

		if (visitor->actions & VALUES_OF(action))
			visitor->visit(visitor->context, worker, value);
	}
}

static inline void visit_place(const struct walker *walker, unsigned worker,
	const struct unit *unit, uint32_t number, const struct value_place *place)
{
	uint64_t offset = place->offset;

	for (uint32_t i = 0; i < place->count; i++, offset += place->stride) {
		if (offset + value_bytes(place->action) > unit->length)
			return;
		const uint8_t *at = unit->bytes + offset;
		struct value value = {
			.place = number,
			.owner = unit->owner,
			.at = unit->address + offset,
			.word = load_u64(at),
		};

		if (!value.word)
			continue;
		if (place->action != SCAN_WORD)
			value.length = load_u64(at + 8);
		if (place->action == SCAN_SLICE)
			value.capacity = load_u64(at + 16);
		visit_value(walker, worker, place->action, &value);
	}
}

static inline void visit_unit(const struct walker *walker, unsigned worker, const struct unit *unit,
	const struct place_range *range)
{
	const struct value_place *places = walker->walk->places->list.items;

	for (uint32_t i = range->first; i < range->end; i++) {
		if (walker->actions & VALUES_OF(places[i].action))
			visit_place(walker, worker, unit, i, &places[i]);
	}
}

/* The bytes of a slot, or a copy where they are not in one piece. */
static const uint8_t *slot_bytes(
	const struct heap *heap, const struct span *span, uint32_t slot, uint8_t **copy)
{
	uint64_t offset = slot * span->elemsize;
	const uint8_t *bytes = heap_bytes(heap, span, offset, span->elemsize);

	if (bytes || span->elemsize > MAX_COPY)
		return bytes;
	*copy = memory_alloc(span->elemsize);
	target_read_present(heap->runtime->target, span->start + offset, *copy, span->elemsize);
	return *copy;
}

static void visit_object(const struct walker *walker, unsigned worker, const struct span *span,
	uint32_t slot, const struct place_range *range)
{
	const struct analysis *analysis = walker->walk->analysis;
	const struct object_type *type = object_type_at(
		&analysis->typing->object_types, analysis->typing->of[span->first + slot]);
	_cleanup_free_ uint8_t *copy = NULL;
	const uint8_t *bytes = slot_bytes(analysis->heap, span, slot, &copy);
	uint64_t begin = span_header_bytes(span);
	uint64_t room = span->elemsize - begin;
	uint64_t stride = type->role == ROLE_VALUE || type->role == ROLE_CLOSURE || !type->unit
				  ? room
				  : type->unit;

	for (uint64_t at = 0; bytes && at + stride <= room; at += stride) {
		struct unit unit = {bytes + begin + at, stride,
			span->start + slot * span->elemsize + begin + at, span->first + slot};

		visit_unit(walker, worker, &unit, range);
	}
}

static void visit_span(const struct walker *walker, unsigned worker, const struct span *span)
{
	const struct analysis *analysis = walker->walk->analysis;
	const struct value_places *places = walker->walk->places;

	target_note_use(
		analysis->program->target, span->bytes, (size_t)span->npages << RUNTIME_PAGE_SHIFT);
	for (uint32_t slot = 0; slot < span->nelems; slot++) {
		otype_t number = analysis->typing->of[span->first + slot];
		const struct place_range *range = &places->of_type.items[number];

		if (range->first != range->end && analysis_alive(analysis, span->first + slot))
			visit_object(walker, worker, span, slot, range);
	}
}

static struct error *visit_spans(void *context, unsigned worker)
{
	struct walker *walker = context;
	const struct heap *heap = walker->walk->analysis->heap;

	uint64_t first, end;

	while (parallel_take(&walker->spans, SPANS_AT_ONCE, &first, &end)) {
		for (uint64_t i = first; i < end; i++)
			visit_span(walker, worker, &heap->spans[i]);
	}
	return NULL;
}

static void visit_variables(const struct walker *walker)
{
	const struct object_graph *objects = walker->walk->analysis->objects;
	const struct target *target = walker->walk->analysis->program->target;

	for (uint32_t i = 0; i < objects->variables.count; i++) {
		const struct go_variable *variable = &objects->variables.items[i];
		const struct place_range *range = &walker->walk->places->of_variable.items[i];

		if (range->first == range->end || variable->size > MAX_VARIABLE)
			continue;
		_cleanup_free_ uint8_t *bytes = memory_alloc(variable->size);
		target_read_present(target, variable->address, bytes, variable->size);
		struct unit unit = {
			bytes, variable->size, variable->address, objects->first_virtual + i};
		visit_unit(walker, 0, &unit, range);
	}
}

struct error *value_walk_run(const struct value_walk *walk)
{
	struct walker walker = {.walk = walk, .spans = {.count = walk->analysis->heap->scan_spans}};

	for (size_t i = 0; i < walk->visitor_count; i++)
		walker.actions |= walk->visitors[i].actions;
	visit_variables(&walker);
	return parallel_run(parallel_width(), visit_spans, &walker);
}
