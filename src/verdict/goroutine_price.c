#include "goroutine_price.h"

#include "addrmap.h"
#include "big_table.h"

#define SEVERAL_OWNERS UINT32_MAX

struct pricer {
	const struct price_input *input;
	const struct graph *graph;
	struct goroutine_prices *prices;
	uint64_t *seen; /* bits, by node: met on the walk of this entry, or a goroutine's own */
	struct addrmap owners; /* node + 1 -> entry that holds it alone, or SEVERAL_OWNERS */
	VEC(node_t) met;       /* on the walk of this entry */
	VEC(node_t) pending;
};

static void meet(struct pricer *pricer, node_t node)
{
	if (bitset_has(pricer->input->reached, node) || bitset_has(pricer->seen, node))
		return;
	bitset_add(pricer->seen, node);
	vec_push(&pricer->met, node);
	if (node < pricer->graph->inner)
		vec_push(&pricer->pending, node);
}

static void follow(struct pricer *pricer, node_t node)
{
	for (struct references row = graph_references(pricer->graph, node); row.at < row.end;
		row.at++)
		meet(pricer, *row.at);
}

static void add_owner(struct pricer *pricer, node_t node, uint32_t entry)
{
	uint32_t owner;

	if (addrmap_get(&pricer->owners, (addr_t)node + 1, &owner) && owner != entry)
		entry = SEVERAL_OWNERS;
	addrmap_set(&pricer->owners, (addr_t)node + 1, entry);
}

/* Sums up the walk, and makes ready for the next. */
static void end_walk(struct pricer *pricer, uint32_t entry)
{
	while (pricer->pending.count)
		follow(pricer, vec_pop(&pricer->pending));
	vec_foreach (node, &pricer->met) {
		pricer->prices->of[entry].holds_bytes += graph_weight(pricer->graph, *node);
		add_owner(pricer, *node, entry);
		bitset_remove(pricer->seen, *node);
	}
	pricer->met.count = 0;
}

static void sum_owned(struct pricer *pricer)
{
	for (size_t i = 0; i < pricer->owners.capacity; i++) {
		addr_t key = pricer->owners.keys[i];
		uint32_t owner = pricer->owners.values[i];

		if (!key)
			continue;
		uint64_t bytes = graph_weight(pricer->graph, (node_t)(key - 1));
		pricer->prices->frees_bytes += bytes;
		if (owner != SEVERAL_OWNERS)
			pricer->prices->of[owner].frees_bytes += bytes;
	}
}

/* A node that belongs to a goroutine, and the entry that this one is part of. */
struct start {
	uint32_t entry;
	node_t node;
};

static int by_entry(const void *left, const void *right)
{
	const struct start *a = left, *b = right;

	if (a->entry != b->entry)
		return a->entry < b->entry ? -1 : 1;
	return (a->node > b->node) - (a->node < b->node);
}

struct starts {
	VEC(struct start) list;
};

/* All that belongs to goroutines is left out of the walks, and is where they start. */
static void find_starts(struct pricer *pricer, struct starts *starts)
{
	const struct price_input *input = pricer->input;

	vec_foreach (closed, &input->gates->closed) {
		bitset_add(pricer->seen, closed->node);
		if (closed->gate < input->goroutines && input->entry_of[closed->gate] != NO_ENTRY)
			vec_push(&starts->list, {input->entry_of[closed->gate], closed->node});
	}
	if (starts->list.count)
		qsort(starts->list.items, starts->list.count, sizeof(struct start), by_entry);
}

static void walk(struct pricer *pricer, const struct starts *starts)
{
	for (size_t i = 0; i < starts->list.count; i++) {
		const struct start *start = &starts->list.items[i];

		follow(pricer, start->node);
		if (i + 1 == starts->list.count || start[1].entry != start->entry)
			end_walk(pricer, start->entry);
	}
}

struct error *goroutine_prices_find(
	const struct price_input *input, uint32_t entries, struct goroutine_prices *ret)
{
	struct pricer pricer = {.input = input, .graph = input->gates->graph, .prices = ret};
	size_t words = BITSET_WORDS(pricer.graph->count);
	struct starts starts = {0};

	TRY(big_table_alloc(words, sizeof(uint64_t), &pricer.seen));
	*ret = (struct goroutine_prices){.of = memory_array(entries, sizeof(*ret->of))};
	find_starts(&pricer, &starts);
	walk(&pricer, &starts);
	sum_owned(&pricer);
	addrmap_deinit(&pricer.owners);
	vec_deinit(&starts.list);
	vec_deinit(&pricer.met);
	vec_deinit(&pricer.pending);
	big_table_free(pricer.seen, words * sizeof(uint64_t));
	return NULL;
}

void goroutine_prices_deinit(struct goroutine_prices *prices)
{
	free(prices->of);
	*prices = (struct goroutine_prices){0};
}
