#include "boxes.h"

#include "big_table.h"
#include "referrers.h"

enum { TYPES_COUNTED = 32 }; /* at one place, by each worker: more are no uniform values */

struct boxes *boxes_create(const struct analysis *analysis, const struct value_places *places)
{
	struct boxes *boxes = memory_alloc(sizeof(*boxes));

	boxes->analysis = analysis;
	boxes->places = places;
	boxes->of = memory_array(places->list.count * parallel_width(), sizeof(*boxes->of));
	return boxes;
}

void boxes_destroy(struct boxes *boxes)
{
	if (!boxes)
		return;
	for (size_t i = 0; i < boxes->places->list.count * parallel_width(); i++)
		vec_deinit(&boxes->of[i].types);
	free(boxes->of);
	free(boxes);
}

static bool is_plain_interface(const struct value_place *place)
{
	return place->owner != NO_TYPE && go_type_is_eface(place->type);
}

/* NULL: there are too many. */
static struct box_count *count_of(struct place_boxes *boxes, addr_t word)
{
	vec_foreach (count, &boxes->types) {
		if (count->word == word)
			return count;
	}
	if (boxes->types.count >= TYPES_COUNTED)
		return NULL;
	vec_push(&boxes->types, {.word = word});
	return vec_last(&boxes->types);
}

static void count_value(void *context, unsigned worker, const struct value *value)
{
	struct boxes *boxes = context;
	const struct value_places *places = boxes->places;

	if (!is_plain_interface(&places->list.items[value->place]))
		return;
	struct place_boxes *place = &boxes->of[worker * places->list.count + value->place];
	struct box_count *count = count_of(place, value->word);

	place->values++;
	if (count) {
		count->values++;
		count->boxes += heap_span_at(boxes->analysis->heap, value->length) != NULL;
	}
}

struct value_visitor boxes_visitor(struct boxes *boxes)
{
	return (struct value_visitor){
		.actions = VALUES_OF(SCAN_INTERFACE),
		.visit = count_value,
		.context = boxes,
	};
}

void boxes_merge(struct boxes *boxes)
{
	size_t places = boxes->places->list.count;

	for (size_t i = places; i < places * parallel_width(); i++) {
		struct place_boxes *to = &boxes->of[i % places];

		to->values += boxes->of[i].values;
		vec_foreach (from, &boxes->of[i].types) {
			struct box_count *count = count_of(to, from->word);

			if (count) {
				count->values += from->values;
				count->boxes += from->boxes;
			}
		}
	}
}

/* Boxes that lie one behind the other in one container. */
struct run {
	node_t owner, box;
	uint64_t length;
};

struct box_search {
	const struct boxes *boxes;
	uint32_t place;
	addr_t word;
	uint64_t *found;  /* bits by node */
	uint64_t *shared; /* the same: something else refers to it */
	struct run now[MAX_WORKERS], longest[MAX_WORKERS];
	uint64_t containers[MAX_WORKERS];
};

static bool is_longer(const struct run *run, const struct run *than)
{
	return run->length > than->length ||
	       (run->length && run->length == than->length && run->owner < than->owner);
}

static void set_bit(uint64_t *bits, uint64_t bit)
{
	__atomic_fetch_or(&bits[bit >> 6], (uint64_t)1 << (bit & 63), __ATOMIC_RELAXED);
}

static void find_box(void *context, unsigned worker, const struct value *value)
{
	struct box_search *search = context;
	const struct analysis *analysis = search->boxes->analysis;
	struct run *run = &search->now[worker];

	if (value->place != search->place || value->word != search->word)
		return;
	object_t object = heap_object_at(analysis->heap, value->length);
	if (object == NO_OBJECT)
		return;
	node_t box = node_of_object(analysis->objects, object);
	set_bit(search->found, box);
	if (!run->length || run->owner != value->owner) {
		*run = (struct run){value->owner, box, 0};
		search->containers[worker]++;
	}
	run->length++;
	if (is_longer(run, &search->longest[worker]))
		search->longest[worker] = *run;
}

static void note_referrer(void *context, node_t from, node_t to)
{
	struct box_search *search = context;
	const struct analysis *analysis = search->boxes->analysis;

	if (analysis_type(analysis, from) != search->boxes->places->list.items[search->place].owner)
		set_bit(search->shared, to);
}

static void sum_up(const struct box_search *search, struct boxed *ret)
{
	const struct graph *graph = analysis_graph(search->boxes->analysis);
	struct run longest = {0};

	for (unsigned i = 0; i < parallel_width(); i++) {
		ret->containers += search->containers[i];
		if (is_longer(&search->longest[i], &longest))
			longest = search->longest[i];
	}
	ret->largest = longest.length ? longest.owner : NO_NODE;
	ret->example = longest.box;
	for (node_t node = 0; node < graph->count; node++) {
		if (!bitset_has(search->found, node))
			continue;
		ret->bytes += graph_weight(graph, node);
		if (bitset_has(search->shared, node))
			continue;
		ret->frees_bytes += graph_weight(graph, node);
		if (bitset_has(search->shared, ret->example))
			ret->example = node;
	}
}

static struct error *search_boxes(struct box_search *search, struct boxed *ret)
{
	const struct value_visitor visitor = {VALUES_OF(SCAN_INTERFACE), find_box, search};
	const struct value_walk walk = {
		search->boxes->analysis, search->boxes->places, &visitor, 1};

	TRY(value_walk_run(&walk));
	TRY(referrers_each(search->boxes->analysis, search->found, note_referrer, search));
	sum_up(search, ret);
	return NULL;
}

struct error *boxes_look_at(
	const struct boxes *boxes, uint32_t place, addr_t word, struct boxed *ret)
{
	size_t words = BITSET_WORDS(analysis_graph(boxes->analysis)->count);
	struct box_search search = {.boxes = boxes, .place = place, .word = word};
	struct boxed boxed = {0};

	TRY(big_table_alloc(words, 8, &search.found));
	struct error *error = big_table_alloc(words, 8, &search.shared);
	if (!error)
		error = search_boxes(&search, &boxed);
	big_table_free(search.found, words * 8);
	big_table_free(search.shared, words * 8);
	*ret = boxed;
	return error;
}
