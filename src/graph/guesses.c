#include "guesses.h"

#include "bytes.h"
#include "shapes.h"
#include "slice_guesses.h"

enum {
	LARGE_CLASS = 68,
	FEWEST_INTERFACES = 4, /* that make an array of them */
};

struct guesser {
	struct spread *spread;
	struct typing *typing;
	struct shapes *shapes;
};

static bool query_for(const struct guesser *guesser, const struct span *span, uint32_t slot,
	struct shape_query *ret)
{
	uint64_t begin = span_header_bytes(span);
	const uint8_t *bytes = heap_bytes(
		guesser->typing->heap, span, slot * span->elemsize + begin, span->elemsize - begin);

	target_note_use(guesser->typing->heap->runtime->target, bytes, span->elemsize - begin);
	*ret = (struct shape_query){span, slot, bytes, span->elemsize - begin};
	return bytes != NULL;
}

/* The map types of a program may be many, and all have to be tried: only what looks like a header
 * of a map is asked for. Its pointers are the same in all maps. */
static bool may_be_map(const struct guesser *guesser, const struct shape_query *query)
{
	const struct features *features = &guesser->typing->heap->runtime->layout.features;
	uint64_t bits = pointer_map_first_bits(
		guesser->typing->maps, guesser->typing->heap, query->span, query->slot);
	/* Map: dirPtr is word 2. hmap: buckets, oldbuckets and extra are words 2, 3 and 5. */
	uint64_t expected = features->swiss_maps ? 1 << 2 : 1 << 2 | 1 << 3 | 1 << 5;

	return bits == expected;
}

/* An array of interface{}: every two words are a type and a value of the heap or of the program, or
 * nothing. Returns how many interfaces there are up to the last that is not nil; 0: it is none. */
static uint64_t count_interfaces(const struct guesser *guesser, const struct shape_query *query)
{
	struct types *types = &guesser->typing->types;
	uint64_t found = 0, end = 0;

	for (uint64_t at = 0; at + 16 <= query->length; at += 16) {
		addr_t word = load_u64(query->bytes + at), data = load_u64(query->bytes + at + 8);

		if (!word && !data)
			continue;
		if (!types_in_section(types, word) || types_in_section(types, data) ||
			!types_at(types, word))
			return 0;
		found++;
		end = at / 16 + 1;
	}
	return found >= FEWEST_INTERFACES ? end : 0;
}

/* A closure whose captured variables are not known gets the plan of the struct that it is. All
 * closures of a function have the same, but they have been scanned without it. */
static void look_into_closure(
	struct guesser *guesser, const struct shape_query *query, otype_t number)
{
	struct object_types *types = &guesser->typing->object_types;
	struct object_type *closure = &types->list.items[number];

	if (!closure->captures) {
		const struct go_type *type = shapes_closure(guesser->shapes, query);

		if (!type)
			return;
		closure = &types->list.items[number];
		closure->captures = type;
		closure->plan = scan_plan_of(types, type);
	}
	spread_again(guesser->spread, query->span, query->slot);
}

/* A function value begins with the entry of its function, which is no pointer to the collector. */
static bool guess_closure(struct guesser *guesser, const struct shape_query *query, addr_t at)
{
	const struct typing *typing = guesser->typing;
	addr_t entry = load_u64(query->bytes);
	struct function function;

	if (!modules_of_text(&typing->heap->runtime->modules, entry) ||
		pointer_map_first_bits(typing->maps, typing->heap, query->span, query->slot) & 1 ||
		!goruntime_function_at(typing->heap->runtime, entry, &function))
		return false;
	spread_closure(guesser->spread, at);
	otype_t number = typing->of[query->span->first + query->slot];
	if (object_type_at(&typing->object_types, number)->role != ROLE_CLOSURE)
		return false;
	look_into_closure(guesser, query, number);
	return true;
}

static void guess(struct guesser *guesser, const struct shape_query *query)
{
	struct object_types *types = &guesser->typing->object_types;
	addr_t at = query->span->start + query->slot * query->span->elemsize +
		    (query->span->elemsize - query->length);

	const struct go_type *chan = shapes_chan(guesser->shapes, query);
	if (chan && spread_target(guesser->spread, at, object_type_of(types, ROLE_CHAN, chan), 1))
		return;
	if (guess_closure(guesser, query, at))
		return;
	if (may_be_map(guesser, query)) {
		const struct go_type *map = shapes_map(guesser->shapes, query);

		if (map)
			spread_target(guesser->spread, at, object_type_of(types, ROLE_MAP, map), 1);
		return;
	}
	const struct go_type *type = shapes_struct(guesser->shapes, query);
	if (type)
		spread_target(guesser->spread, at, object_type_of(types, ROLE_VALUE, type), 1);
	uint64_t interfaces = type ? 0 : count_interfaces(guesser, query);
	if (interfaces)
		spread_target(guesser->spread, at,
			object_type_of(types, ROLE_ARRAY, types_find(types->types, "interface {}")),
			interfaces);
}

static void look_at(struct guesser *guesser, const struct span *span, uint32_t slot)
{
	otype_t number = guesser->typing->of[span->first + slot];
	const struct object_type *type = object_type_at(&guesser->typing->object_types, number);
	struct shape_query query;

	if (type->role != ROLE_UNKNOWN && type->role != ROLE_CLOSURE)
		return;
	if (!query_for(guesser, span, slot, &query))
		return;
	if (type->role == ROLE_UNKNOWN)
		guess(guesser, &query);
	else if (type->captures || !type->plan || !type->plan->count)
		look_into_closure(guesser, &query, number);
}

static void look_at_class(struct guesser *guesser, unsigned class)
{
	const struct heap *heap = guesser->typing->heap;

	for (uint32_t i = 0; i < heap->scan_spans; i++) {
		const struct span *span = &heap->spans[i];

		if ((span->spanclass >> 1 ? span->spanclass >> 1 : LARGE_CLASS) != class)
			continue;
		for (uint32_t slot = 0; slot < span->nelems; slot++) {
			if (span_allocated(heap, span, slot))
				look_at(guesser, span, slot);
			spread_run(guesser->spread);
		}
	}
}

void guess_types(struct spread *spread)
{
	struct typing *typing = spread_typing(spread);
	struct guesser guesser = {
		.spread = spread,
		.typing = typing,
		.shapes = shapes_create(
			&typing->object_types, typing->heap, typing->maps, typing->of),
	};

	guess_slices(spread, guesser.shapes);
	for (unsigned class = LARGE_CLASS; class > 0; class --)
		look_at_class(&guesser, class);
	guess_slices(spread, guesser.shapes); /* by then more is known of what they lead to */
	shapes_destroy(guesser.shapes);
}
