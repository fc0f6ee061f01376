#include "finalizer_cycles.h"

#include "gated_reach.h"
#include "special.h"

enum {
	MAX_DOMINATORS = 256,  /* of a node, that are looked at */
	MAX_AROUND = 4096,     /* nodes on the ways from one object */
	MAX_VISITS = 16 << 20, /* nodes on all ways together */
	MAX_TYPES = 8,         /* each costs a marking */
};

/* What the special of an object keeps. */
struct kept {
	node_t owner;
	node_t target;
	bool cleanup;
};

/* A node on the ways from an object, and from where it was met (place in the list). */
struct step {
	node_t node;
	uint32_t from;
};

struct finder {
	const struct analysis *analysis;
	struct finalizer_cycles *cycles;
	VEC(struct kept) kept;   /* those of one owner stand together */
	VEC(struct step) steps;  /* of the search from one object */
	struct addrmap met;      /* node + 1 */
	struct addrmap cycle_of; /* owner node + 1 -> place in cycles */
	struct addrmap by_type;  /* type * 2 + cleanup + 1 -> place in cycles */
	uint64_t visits;
};

static void note_root(void *context, const struct root *root)
{
	struct finder *finder = context;
	const struct analysis *analysis = finder->analysis;
	object_t owner, target;

	if (root->kind != ROOT_FINALIZER && root->kind != ROOT_CLEANUP)
		return;
	owner = heap_object_at(analysis->heap, root->owner);
	target = heap_object_at(analysis->heap, root->value);
	if (owner == NO_OBJECT || target == NO_OBJECT || !analysis_alive(analysis, owner))
		return;
	vec_push(&finder->kept,
		{node_of_object(analysis->objects, owner),
			node_of_object(analysis->objects, target), root->kind == ROOT_CLEANUP});
}

/* Do only finalizers and cleanups keep the node? */
static bool only_specials_hold(const struct analysis *analysis, node_t node)
{
	const struct object_graph *objects = analysis->objects;
	node_t at = node;

	for (unsigned i = 0; i < MAX_DOMINATORS && !node_is_virtual(objects, at); i++)
		at = analysis->retention->idom[at];
	return at == object_graph_special(objects, ROOT_FINALIZER) ||
	       at == object_graph_special(objects, ROOT_CLEANUP);
}

static void meet(struct finder *finder, node_t node, uint32_t from)
{
	if (finder->steps.count >= MAX_AROUND || addrmap_get(&finder->met, (addr_t)node + 1, NULL))
		return;
	addrmap_set(&finder->met, (addr_t)node + 1, 0);
	/* What others hold as well does not lead back: else they would hold the object. */
	if (only_specials_hold(finder->analysis, node))
		vec_push(&finder->steps, {node, from});
}

/* The shortest way from what is kept for the object back to it: the place of its last step, or the
 * count of steps when there is none. */
static size_t search(struct finder *finder, size_t first, size_t end)
{
	const struct graph *graph = analysis_graph(finder->analysis);
	node_t owner = finder->kept.items[first].owner;
	size_t at = 0;

	finder->steps.count = 0;
	addrmap_deinit(&finder->met);
	for (size_t i = first; i < end; i++)
		meet(finder, finder->kept.items[i].target, UINT32_MAX);
	for (; at < finder->steps.count; at++) {
		node_t node = finder->steps.items[at].node;

		if (node == owner || node >= graph->inner) {
			if (node == owner)
				break;
			continue;
		}
		for (struct references row = graph_references(graph, node); row.at < row.end;
			row.at++)
			meet(finder, *row.at, (uint32_t)at);
	}
	finder->visits += finder->steps.count;
	return at;
}

static bool refers_to(const struct graph *graph, node_t from, node_t to)
{
	if (from >= graph->inner)
		return false;
	for (struct references row = graph_references(graph, from); row.at < row.end; row.at++) {
		if (*row.at == to)
			return true;
	}
	return false;
}

/* From the object to itself. */
static void set_round(
	struct finder *finder, struct finalizer_cycle *cycle, node_t owner, size_t last)
{
	size_t length = 1;

	for (uint32_t at = (uint32_t)last; at != UINT32_MAX; at = finder->steps.items[at].from)
		length++;
	vec_reserve(&cycle->round, length);
	cycle->round.count = length;
	for (uint32_t at = (uint32_t)last; at != UINT32_MAX; at = finder->steps.items[at].from)
		cycle->round.items[--length] = finder->steps.items[at].node;
	cycle->round.items[0] = owner;
	cycle->by_function =
		!refers_to(analysis_graph(finder->analysis), owner, cycle->round.items[1]);
}

static void add_cycle(struct finder *finder, const struct kept *kept, size_t last)
{
	otype_t type = analysis_type(finder->analysis, kept->owner);
	addr_t key = (addr_t)type * 2 + kept->cleanup + 1;
	uint32_t place;

	if (!addrmap_get(&finder->by_type, key, &place)) {
		place = (uint32_t)finder->cycles->list.count;
		addrmap_set(&finder->by_type, key, place);
		vec_push(&finder->cycles->list, {.type = type, .cleanup = kept->cleanup});
		set_round(finder, vec_last(&finder->cycles->list), kept->owner, last);
	}
	addrmap_set(&finder->cycle_of, (addr_t)kept->owner + 1, place);
	finder->cycles->list.items[place].count++;
}

static void find_owners(struct finder *finder)
{
	size_t end;

	for (size_t first = 0; first < finder->kept.count; first = end) {
		const struct kept *kept = &finder->kept.items[first];

		end = first + 1;
		while (end < finder->kept.count && finder->kept.items[end].owner == kept->owner &&
			finder->kept.items[end].cleanup == kept->cleanup)
			end++;
		if (finder->visits >= MAX_VISITS ||
			!only_specials_hold(finder->analysis, kept->owner))
			continue;
		size_t last = search(finder, first, end);
		if (last < finder->steps.count)
			add_cycle(finder, kept, last);
	}
}

static void note_function(void *context, const struct special *special)
{
	struct finder *finder = context;
	const struct analysis *analysis = finder->analysis;
	const struct special_kinds *kinds =
		&analysis->program->runtime->layout.features.special_kinds;
	node_t owner = node_of_object(analysis->objects, special->span->first + special->slot);
	uint32_t place;

	if (!addrmap_get(&finder->cycle_of, (addr_t)owner + 1, &place))
		return;
	struct finalizer_cycle *cycle = &finder->cycles->list.items[place];
	if (!cycle->function &&
		special->kind == (cycle->cleanup ? kinds->cleanup : kinds->finalizer))
		cycle->function = special_function(analysis->heap, special);
}

static uint64_t unreached_bytes(const struct analysis *analysis, const uint64_t *reached)
{
	const struct graph *graph = analysis_graph(analysis);
	uint64_t bytes = 0;

	for (node_t node = 0; node < graph->count; node++) {
		if (retention_alive(analysis->retention, node) && !bitset_has(reached, node))
			bytes += graph_weight(graph, node);
	}
	return bytes;
}

/* Marks as if the objects of one cycle had no special: the nodes of the specials are not followed,
 * and what the others keep is a start. */
static struct error *find_price(struct finder *finder, uint32_t place)
{
	const struct object_graph *objects = finder->analysis->objects;
	struct gated_input input = {.graph = &objects->graph, .gates = 1};
	struct gated_reach reach;

	vec_push(&input.closed, {object_graph_special(objects, ROOT_FINALIZER), 0});
	vec_push(&input.closed, {object_graph_special(objects, ROOT_CLEANUP), 0});
	vec_foreach (kept, &finder->kept) {
		uint32_t cycle = UINT32_MAX;

		addrmap_get(&finder->cycle_of, (addr_t)kept->owner + 1, &cycle);
		if (cycle != place)
			vec_push(&input.starts, kept->target);
	}
	struct error *error = gated_reach_find(&input, &reach);
	if (!error) {
		finder->cycles->list.items[place].bytes =
			unreached_bytes(finder->analysis, reach.reached);
		gated_reach_deinit(&reach);
	}
	gated_input_deinit(&input);
	return error;
}

struct error *finalizer_cycles_find(const struct analysis *analysis, struct finalizer_cycles *ret)
{
	struct finder finder = {.analysis = analysis, .cycles = ret};
	struct roots_missing missing;
	struct error *error = NULL;

	*ret = (struct finalizer_cycles){0};
	roots_each(analysis->heap, analysis->maps, note_root, &finder, &missing);
	find_owners(&finder);
	if (ret->list.count)
		specials_each(analysis->heap, note_function, &finder);
	for (uint32_t i = 0; !error && i < MIN(ret->list.count, (size_t)MAX_TYPES); i++)
		error = find_price(&finder, i);
	vec_deinit(&finder.kept);
	vec_deinit(&finder.steps);
	addrmap_deinit(&finder.met);
	addrmap_deinit(&finder.cycle_of);
	addrmap_deinit(&finder.by_type);
	if (error)
		finalizer_cycles_deinit(ret);
	return error;
}

void finalizer_cycles_deinit(struct finalizer_cycles *cycles)
{
	vec_foreach (cycle, &cycles->list)
		vec_deinit(&cycle->round);
	vec_deinit(&cycles->list);
}
