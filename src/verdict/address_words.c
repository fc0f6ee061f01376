#include "address_words.h"

#include "big_table.h"
#include "bytes.h"

struct address_census *address_census_create(
	const struct analysis *analysis, const struct value_places *places)
{
	struct address_census *census = memory_alloc(sizeof(*census));

	census->analysis = analysis;
	census->places = places;
	census->of = memory_array(places->list.count * parallel_width(), sizeof(*census->of));
	for (size_t i = 0; i < places->list.count * parallel_width(); i++)
		census->of[i].first = NO_NODE;
	return census;
}

void address_census_destroy(struct address_census *census)
{
	if (!census)
		return;
	free(census->of);
	free(census);
}

enum word_meaning {
	WORD_OTHER,
	WORD_OBJECT,
	WORD_GONE,
};

static enum word_meaning meaning_of(const struct heap *heap, addr_t word)
{
	uint64_t arena = word >> ARENA_SHIFT;
	const struct span *span = heap_span_at(heap, word);

	if (arena >= ARENA_NUMBERS || !heap->arenas[arena] || word % sizeof(addr_t))
		return WORD_OTHER;
	if (!span)
		return WORD_GONE;
	uint32_t slot = span_slot_at(span, word);
	uint64_t header = span_header_bytes(span);
	if (slot >= span->nelems || word != span->start + slot * span->elemsize + header)
		return WORD_OTHER;
	return span_allocated(heap, span, slot) ? WORD_OBJECT : WORD_GONE;
}

static void count_word(void *context, unsigned worker, const struct value *value)
{
	struct address_census *census = context;
	struct address_words *place =
		&census->of[worker * census->places->list.count + value->place];
	enum word_meaning meaning = meaning_of(census->analysis->heap, value->word);

	place->words++;
	place->objects += meaning == WORD_OBJECT;
	place->gone += meaning == WORD_GONE;
	if (meaning == WORD_GONE)
		place->first = MIN(place->first, value->owner);
}

struct value_visitor address_census_visitor(struct address_census *census)
{
	return (struct value_visitor){
		.actions = VALUES_OF(SCAN_WORD),
		.visit = count_word,
		.context = census,
	};
}

void address_census_merge(struct address_census *census)
{
	size_t places = census->places->list.count;

	for (size_t i = places; i < places * parallel_width(); i++) {
		struct address_words *to = &census->of[i % places];
		const struct address_words *from = &census->of[i];

		to->words += from->words;
		to->objects += from->objects;
		to->gone += from->gone;
		to->first = MIN(to->first, from->first);
	}
}

struct pricing {
	const struct address_census *census;
	uint32_t place;
	uint64_t *kept; /* bits by node: what is there only for something that is gone */
};

/* The value that belongs to a key in a group of a map, when it is a pointer. */
static node_t map_value_of(const struct pricing *pricing, const struct value *value)
{
	const struct analysis *analysis = pricing->census->analysis;
	const struct heap *heap = analysis->heap;
	object_t owner = object_of_node(analysis->objects, value->owner);
	const struct span *span = heap_span_of(heap, owner);
	const struct object_type *type =
		object_type_at(&analysis->typing->object_types, analysis->typing->of[owner]);
	const struct go_map_shape *shape = &type->type->map;
	uint64_t begin = (owner - span->first) * span->elemsize + span_header_bytes(span);
	uint64_t offset = value->at - span->start - begin;
	uint64_t group = type->unit ? offset - offset % type->unit : 0;
	uint64_t slot = (offset - group - shape->key_at) / shape->key_stride;
	const uint8_t *bytes = heap_bytes(
		heap, span, begin + group + shape->elem_at + slot * shape->elem_stride, 8);
	object_t object = bytes ? heap_object_at(heap, load_u64(bytes)) : NO_OBJECT;

	return object == NO_OBJECT ? NO_NODE : node_of_object(analysis->objects, object);
}

static void keep(void *context, unsigned worker, const struct value *value)
{
	const struct pricing *pricing = context;
	const struct analysis *analysis = pricing->census->analysis;
	const struct value_place *place = &pricing->census->places->list.items[pricing->place];
	node_t node = value->owner;

	(void)worker;
	if (value->place != pricing->place || meaning_of(analysis->heap, value->word) != WORD_GONE)
		return;
	switch (object_type_at(&analysis->typing->object_types, place->owner)->role) {
	case ROLE_MAP_GROUPS:
		node = map_value_of(pricing, value);
		break;
	case ROLE_VALUE:
		break;
	default:
		return;
	}
	if (node != NO_NODE)
		__atomic_fetch_or(
			&pricing->kept[node >> 6], (uint64_t)1 << (node & 63), __ATOMIC_RELAXED);
}

struct error *address_census_price(
	const struct address_census *census, uint32_t place, struct freed *ret)
{
	size_t words = BITSET_WORDS(analysis_graph(census->analysis)->count);
	struct pricing pricing = {.census = census, .place = place};
	const struct value_visitor visitor = {VALUES_OF(SCAN_WORD), keep, &pricing};
	const struct value_walk walk = {census->analysis, census->places, &visitor, 1};

	TRY(big_table_alloc(words, 8, &pricing.kept));
	struct error *error = value_walk_run(&walk);
	if (!error)
		error = cuts_free_together(census->analysis, pricing.kept, ret);
	big_table_free(pricing.kept, words * 8);
	return error;
}
