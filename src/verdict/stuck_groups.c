#include "stuck_groups.h"

#include "big_table.h"

#define SEVERAL_OWNERS UINT32_MAX

struct pricer {
	const struct analysis *analysis;
	const struct graph *graph;
	const struct never_wakes *verdicts;
	struct stuck_groups *groups;
	uint64_t
		*seen; /* bits, by node: met on the walk of this group, or belongs to the runtime */
	size_t seen_words;
	struct addrmap owners; /* node + 1 -> group that holds it alone, or SEVERAL_OWNERS */
	VEC(node_t) met;       /* on the walk of this group */
	VEC(node_t) pending;
};

static const struct goroutine *goroutine_at(const struct pricer *pricer, uint32_t number)
{
	return &pricer->analysis->objects->stacks.goroutines.list.items[number];
}

/* Earlier, as far as the runtime has noted it. */
static bool waits_longer(const struct goroutine *left, const struct goroutine *right)
{
	return left->wait_since && (!right->wait_since || left->wait_since < right->wait_since);
}

/* One entry for each group of stacks in which someone never wakes. `entry_of`: by group + 1. */
static void collect(struct pricer *pricer, struct addrmap *entry_of)
{
	const struct stacks *stacks = &pricer->analysis->objects->stacks;

	for (uint32_t i = 0; i < stacks->goroutines.list.count; i++) {
		addr_t key = (addr_t)stacks->group_of[i] + 1;
		uint32_t place;

		if (pricer->verdicts->of[i].verdict != VERDICT_NEVER_WAKES)
			continue;
		if (!addrmap_get(entry_of, key, &place)) {
			place = (uint32_t)pricer->groups->list.count;
			addrmap_set(entry_of, key, place);
			vec_push(&pricer->groups->list, {.group = stacks->group_of[i], .first = i});
		}
		struct stuck_group *entry = &pricer->groups->list.items[place];
		const struct goroutine *goroutine = goroutine_at(pricer, i);

		if (waits_longer(goroutine, goroutine_at(pricer, entry->first)))
			entry->first = i;
		entry->count++;
		entry->stack_bytes += goroutine->stack_high - goroutine->stack_low;
	}
}

static void meet(struct pricer *pricer, node_t node)
{
	if (bitset_has(pricer->verdicts->reach.reached, node) || bitset_has(pricer->seen, node))
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

static void add_owner(struct pricer *pricer, node_t node, uint32_t group)
{
	uint32_t owner;

	if (addrmap_get(&pricer->owners, (addr_t)node + 1, &owner) && owner != group)
		group = SEVERAL_OWNERS;
	addrmap_set(&pricer->owners, (addr_t)node + 1, group);
}

/* Sums up the walk, and makes ready for the next. */
static void end_walk(struct pricer *pricer, uint32_t place)
{
	while (pricer->pending.count)
		follow(pricer, vec_pop(&pricer->pending));
	vec_foreach (node, &pricer->met) {
		pricer->groups->list.items[place].holds_bytes += graph_weight(pricer->graph, *node);
		add_owner(pricer, *node, place);
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
		pricer->groups->frees_bytes += bytes;
		if (owner != SEVERAL_OWNERS)
			pricer->groups->list.items[owner].frees_bytes += bytes;
	}
	vec_foreach (group, &pricer->groups->list)
		pricer->groups->stack_bytes += group->stack_bytes;
}

/* A node that belongs to a goroutine that never wakes, and the entry of its group. */
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
static void find_starts(
	struct pricer *pricer, const struct addrmap *entry_of, struct starts *starts)
{
	const struct stacks *stacks = &pricer->analysis->objects->stacks;

	vec_foreach (closed, &pricer->verdicts->input.closed) {
		uint32_t entry;

		bitset_add(pricer->seen, closed->node);
		if (closed->gate >= stacks->goroutines.list.count ||
			pricer->verdicts->of[closed->gate].verdict != VERDICT_NEVER_WAKES)
			continue;
		if (addrmap_get(entry_of, (addr_t)stacks->group_of[closed->gate] + 1, &entry))
			vec_push(&starts->list, {entry, closed->node});
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

static int by_cost(const void *left, const void *right)
{
	const struct stuck_group *a = left, *b = right;
	uint64_t a_bytes = a->holds_bytes + a->stack_bytes;
	uint64_t b_bytes = b->holds_bytes + b->stack_bytes;

	if (a_bytes != b_bytes)
		return a_bytes < b_bytes ? 1 : -1;
	return (a->group > b->group) - (a->group < b->group);
}

struct error *stuck_groups_find(const struct analysis *analysis, const struct never_wakes *verdicts,
	struct stuck_groups *ret)
{
	struct pricer pricer = {
		.analysis = analysis,
		.graph = analysis_graph(analysis),
		.verdicts = verdicts,
		.groups = ret,
		.seen_words = BITSET_WORDS(analysis_graph(analysis)->count),
	};
	struct addrmap entry_of = {0};
	struct starts starts = {0};

	TRY(big_table_alloc(pricer.seen_words, sizeof(uint64_t), &pricer.seen));
	*ret = (struct stuck_groups){0};
	collect(&pricer, &entry_of);
	find_starts(&pricer, &entry_of, &starts);
	walk(&pricer, &starts);
	sum_owned(&pricer);
	if (ret->list.count)
		qsort(ret->list.items, ret->list.count, sizeof(struct stuck_group), by_cost);
	addrmap_deinit(&entry_of);
	addrmap_deinit(&pricer.owners);
	vec_deinit(&starts.list);
	vec_deinit(&pricer.met);
	vec_deinit(&pricer.pending);
	big_table_free(pricer.seen, pricer.seen_words * sizeof(uint64_t));
	return NULL;
}

void stuck_groups_deinit(struct stuck_groups *groups)
{
	vec_deinit(&groups->list);
}
