#include "string_copies.h"

#include "big_table.h"
#include "referrers.h"

/* Values at one place that lead to equal strings, sorted by address. */
struct content {
	const struct sampled_string *first, *end;
};

typedef void content_fn(void *context, const struct content *content);

static bool is_equal(const struct sampled_string *left, const struct sampled_string *right)
{
	return left->place == right->place && left->hash == right->hash &&
	       left->length == right->length;
}

static void contents_each(const struct string_sample *sample, content_fn *visit, void *context)
{
	const struct sampled_string *at = sample->of[0].list.items;
	const struct sampled_string *last = at + sample->of[0].list.count;

	while (at < last) {
		struct content content = {at, at};

		while (content.end < last && is_equal(content.end, at))
			content.end++;
		visit(context, &content);
		at = content.end;
	}
}

static void count_content(void *context, const struct content *content)
{
	struct string_copies *copies = context;
	const struct sampled_string *kept = content->first;

	if (!copies->list.count || vec_last(&copies->list)->place != kept->place)
		vec_push(&copies->list, {.place = kept->place, .example = NO_NODE});
	struct place_copies *place = vec_last(&copies->list);
	place->different++;
	place->strings++;
	for (const struct sampled_string *string = kept + 1; string < content->end; string++) {
		if (string->bytes == string[-1].bytes)
			continue;
		place->strings++;
		place->copies++;
		place->copy_bytes += string->length;
	}
}

void string_copies_find(const struct string_sample *sample, struct string_copies *ret)
{
	*ret = (struct string_copies){.sample = sample};
	contents_each(sample, count_content, ret);
}

void string_copies_deinit(struct string_copies *copies)
{
	vec_deinit(&copies->list);
}

/* A slot that copies are in. */
struct copied_slot {
	node_t node;
	uint32_t place;
	uint32_t copies;     /* values that would refer to another string */
	uint32_t references; /* all words that refer to it */
};

struct pricing {
	struct string_copies *copies;
	struct addrmap slots; /* node + 1 -> place in list */
	VEC(struct copied_slot) list;
	uint64_t *wanted; /* bits by node */
};

static const struct analysis *analysis_of(const struct pricing *pricing)
{
	return pricing->copies->sample->analysis;
}

static void add_copy(struct pricing *pricing, const struct sampled_string *string)
{
	const struct analysis *analysis = analysis_of(pricing);
	object_t object = heap_object_at(analysis->heap, string->bytes);
	uint32_t place;

	if (object == NO_OBJECT)
		return;
	node_t node = node_of_object(analysis->objects, object);
	if (!addrmap_get(&pricing->slots, (addr_t)node + 1, &place)) {
		place = (uint32_t)pricing->list.count;
		vec_push(&pricing->list, {.node = node, .place = string->place});
		addrmap_set(&pricing->slots, (addr_t)node + 1, place);
		bitset_add(pricing->wanted, node);
	}
	pricing->list.items[place].copies++;
}

static void add_copies(void *context, const struct content *content)
{
	for (const struct sampled_string *string = content->first; string < content->end;
		string++) {
		if (string->bytes != content->first->bytes)
			add_copy(context, string);
	}
}

static void count_reference(void *context, node_t from, node_t to)
{
	struct pricing *pricing = context;
	uint32_t place;

	(void)from;
	if (addrmap_get(&pricing->slots, (addr_t)to + 1, &place))
		__atomic_fetch_add(&pricing->list.items[place].references, 1, __ATOMIC_RELAXED);
}

static int by_place(const void *key, const void *item)
{
	uint32_t place = *(const uint32_t *)key, other = ((const struct place_copies *)item)->place;

	return (place > other) - (place < other);
}

static void add_freed(struct pricing *pricing)
{
	struct string_copies *copies = pricing->copies;

	vec_foreach (slot, &pricing->list) {
		struct place_copies *place = bsearch(&slot->place, copies->list.items,
			copies->list.count, sizeof(*place), by_place);

		if (slot->references != slot->copies || !place)
			continue;
		place->frees_bytes +=
			graph_weight(analysis_graph(analysis_of(pricing)), slot->node);
		place->example = MIN(place->example, slot->node);
	}
}

struct error *string_copies_price(struct string_copies *copies)
{
	struct pricing pricing = {.copies = copies};
	size_t words = BITSET_WORDS(analysis_graph(copies->sample->analysis)->count);

	TRY(big_table_alloc(words, 8, &pricing.wanted));
	contents_each(copies->sample, add_copies, &pricing);
	struct error *error =
		referrers_each(copies->sample->analysis, pricing.wanted, count_reference, &pricing);
	if (!error)
		add_freed(&pricing);
	big_table_free(pricing.wanted, words * 8);
	addrmap_deinit(&pricing.slots);
	vec_deinit(&pricing.list);
	return error;
}
