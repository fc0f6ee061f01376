#include "slice_guesses.h"

#include <string.h>

#include "variable_words.h"

enum {
	MIN_ELEMENTS = 4,
	MAX_SCORED = 64,        /* elements, evenly over the slice */
	MAX_ELEMENT = 64 * 8,   /* bytes: as many words as a mask has bits */
	ENOUGH_FOR_ELEMENT = 1, /* on average */
};

/* As good as no descriptor, so that it is not confused with one; dwarf_types.h numbers entries of
 * DWARF, which are smaller. */
#define ANY_FUNC_REF (TYPE_FROM_DWARF | (type_ref)1 << 62)

/* Element types of one size, chained. */
struct element_type {
	const struct go_type *type;
	uint32_t next; /* place + 1; 0: the last */
};

struct slice_guesser {
	struct spread *spread;
	struct shapes *shapes;
	struct object_types *types;
	const struct heap *heap;
	VEC(struct element_type) elements;
	struct addrmap by_size; /* bytes -> place + 1 of the first */
};

/* A slice in a variable. */
struct found_slice {
	addr_t array;
	uint64_t length, capacity;
	const struct span *span;
	uint64_t mask; /* pointers of the array, its first 64 words */
};

static void add_element_type(struct slice_guesser *guesser, const struct go_type *type)
{
	uint32_t first = 0;

	addrmap_get(&guesser->by_size, type->size, &first);
	vec_push(&guesser->elements, {.type = type, .next = first});
	addrmap_set(&guesser->by_size, type->size, (uint32_t)guesser->elements.count);
}

/* A string, whatever it is called, or a struct of nothing else: nothing in memory tells them apart,
 * and "string" is true of all. */
static bool is_string(const struct slice_guesser *guesser, const struct go_type *type)
{
	while (type && type->kind == KIND_STRUCT && type->field_count == 1)
		type = types_at(guesser->types->types, type->fields[0].type);
	return type && type->kind == KIND_STRING;
}

static bool add_type(const struct go_type *type, void *context)
{
	const struct slice_guesser *guesser = context;
	bool wanted = type->kind == KIND_STRUCT || type->kind == KIND_STRING ||
		      type->kind == KIND_POINTER || type->kind == KIND_CHAN;

	if (is_string(guesser, type))
		wanted = !strcmp(type->name, "string");
	if (wanted && type->pointer_bytes && type->size <= MAX_ELEMENT)
		add_element_type(context, type);
	return false;
}

static const struct go_type *make_any_func(struct types *types)
{
	struct go_type *type = memory_alloc(sizeof(*type));

	*type = (struct go_type){
		.ref = ANY_FUNC_REF,
		.name = memory_string("func(...)"),
		.size = 8,
		.pointer_bytes = 8,
		.kind = KIND_FUNC,
		.direct = true,
	};
	types_add(types, ANY_FUNC_REF, type);
	return type;
}

/* What a pointer leads to must be a value of its element type. */
static int score_pointee(
	const struct slice_guesser *guesser, const struct go_type *pointer, addr_t to)
{
	const struct go_type *elem = types_at(guesser->types->types, pointer->elem);
	const struct span *span = heap_span_at(guesser->heap, to);

	if (!elem || !elem->pointer_bytes || !span)
		return 0;
	const uint8_t *bytes = heap_bytes(guesser->heap, span, to - span->start, elem->size);
	return bytes ? shapes_score(guesser->shapes, elem, bytes) : 0;
}

static int score_element(
	const struct slice_guesser *guesser, const struct go_type *type, const uint8_t *bytes)
{
	int score = shapes_score(guesser->shapes, type, bytes);

	if (score == SHAPE_WRONG || type->kind != KIND_POINTER)
		return score;
	int pointee = score_pointee(guesser, type, load_u64(bytes));
	return pointee == SHAPE_WRONG ? SHAPE_WRONG : score + pointee;
}

/* The confirmation by all elements that are looked at, on average; negative: one disagrees. */
static double score_elements(const struct slice_guesser *guesser, const struct found_slice *slice,
	const struct go_type *type)
{
	uint64_t step = (slice->length + MAX_SCORED - 1) / MAX_SCORED, seen = 0;
	int total = 0;

	for (uint64_t i = 0; i < slice->length; i += step, seen++) {
		uint64_t offset = slice->array - slice->span->start + i * type->size;
		const uint8_t *bytes = heap_bytes(guesser->heap, slice->span, offset, type->size);
		int score = bytes ? score_element(guesser, type, bytes) : SHAPE_WRONG;

		if (score == SHAPE_WRONG)
			return SHAPE_WRONG;
		total += score;
	}
	return (double)total / (double)seen;
}

static bool has_mask(const struct slice_guesser *guesser, const struct found_slice *slice,
	const struct go_type *type)
{
	otype_t number = object_type_of(guesser->types, ROLE_VALUE, type);
	uint64_t mask = object_type_at(guesser->types, number)->mask;

	return number != NO_TYPE && (slice->mask & bits_below((unsigned)(type->size / 8))) == mask;
}

struct ranking {
	const struct go_type *winner;
	double first, second;
};

static void rank_types_of_size(const struct slice_guesser *guesser, const struct found_slice *slice,
	uint64_t size, struct ranking *ranking)
{
	uint32_t place = 0;

	addrmap_get(&guesser->by_size, size, &place);
	for (; place; place = guesser->elements.items[place - 1].next) {
		const struct go_type *type = guesser->elements.items[place - 1].type;
		double score = score_elements(guesser, slice, type);

		if (score <= ranking->second || !has_mask(guesser, slice, type))
			continue;
		bool same = ranking->winner && !strcmp(ranking->winner->name, type->name);

		if (score > ranking->first) {
			ranking->second = same ? ranking->second : ranking->first;
			ranking->first = score;
			ranking->winner = type;
		} else if (score > ranking->second && !same) {
			ranking->second = score;
		}
	}
}

/* The sizes that elements may have for the array to need a slot of this size. */
static const struct go_type *element_type(
	const struct slice_guesser *guesser, const struct found_slice *slice)
{
	const struct layout *layout = &guesser->heap->runtime->layout;
	struct ranking ranking = {NULL, SHAPE_WRONG, SHAPE_WRONG};

	for (uint64_t size = 8; size <= MAX_ELEMENT; size += 8) {
		uint64_t bytes;

		if (__builtin_mul_overflow(size, slice->capacity, &bytes) ||
			bytes > slice->span->elemsize)
			break;
		if (slot_size_round(layout, bytes, true) == slice->span->elemsize)
			rank_types_of_size(guesser, slice, size, &ranking);
	}
	return ranking.first >= ENOUGH_FOR_ELEMENT && ranking.first > ranking.second
		       ? ranking.winner
		       : NULL;
}

static bool find_slice(
	const struct slice_guesser *guesser, const uint8_t *words, struct found_slice *ret)
{
	struct found_slice slice = {load_u64(words), load_u64(words + 8), load_u64(words + 16)};
	struct typing *typing = spread_typing(guesser->spread);

	slice.span = heap_span_at(guesser->heap, slice.array);
	if (!slice.span || slice.length < MIN_ELEMENTS || slice.length > slice.capacity ||
		slice.span->map == SPAN_MAP_NONE || slice.span->map == SPAN_MAP_HEADER)
		return false;
	uint32_t slot = span_slot_at(slice.span, slice.array);
	if (slot >= slice.span->nelems || !span_allocated(guesser->heap, slice.span, slot) ||
		slice.array != slice.span->start + slot * slice.span->elemsize ||
		typing->of[slice.span->first + slot] != NO_TYPE)
		return false;
	slice.mask = pointer_map_first_bits(typing->maps, guesser->heap, slice.span, slot);
	*ret = slice;
	return true;
}

static void look_at_words(struct slice_guesser *guesser, const uint8_t *words)
{
	struct found_slice slice;
	const struct go_type *type =
		find_slice(guesser, words, &slice) ? element_type(guesser, &slice) : NULL;

	if (type && spread_target(guesser->spread, slice.array,
			    object_type_of(guesser->types, ROLE_ARRAY, type), slice.capacity))
		spread_run(guesser->spread);
}

static void look_at_segment(void *context, const struct variable_words *words)
{
	for (uint32_t i = 0; i < words->masked; i++) {
		if (variable_words_pointer(words, i) && !variable_words_pointer(words, i + 1) &&
			!variable_words_pointer(words, i + 2))
			look_at_words(context, words->bytes + 8ull * i);
	}
}

void guess_slices(struct spread *spread, struct shapes *shapes)
{
	struct typing *typing = spread_typing(spread);
	struct slice_guesser guesser = {
		.spread = spread,
		.shapes = shapes,
		.types = &typing->object_types,
		.heap = typing->heap,
	};

	if (typing->program->debuginfo->variables.count)
		return;
	types_each(&typing->types, add_type, &guesser);
	const struct go_type *any_func = types_at(&typing->types, ANY_FUNC_REF);
	add_element_type(&guesser, any_func ? any_func : make_any_func(&typing->types));
	variable_words_each(typing->heap->runtime, look_at_segment, &guesser);
	vec_deinit(&guesser.elements);
	addrmap_deinit(&guesser.by_size);
}
