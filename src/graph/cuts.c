#include "cuts.h"

#include "reach.h"
#include "big_table.h"

/* Does every way to `node` go through `dominator`? */
static bool is_dominated(const struct retention *retention, node_t node, node_t dominator)
{
	while (node != dominator && retention->idom[node] != node)
		node = retention->idom[node];
	return node == dominator;
}

struct referrers {
	const struct analysis *analysis;
	struct cuts *cuts;
	const struct path *path;
	struct addrmap places; /* node + 1 -> place in the path */
};

/* A reference to a node from what only it keeps alive does not keep it alive. */
static void add_reference(struct referrers *referrers, uint32_t place, node_t from)
{
	struct cut *cut = &referrers->cuts->list.items[place];
	node_t before = place ? referrers->path->nodes.items[place - 1]
			      : analysis_graph(referrers->analysis)->root;

	if (from == before || is_dominated(referrers->analysis->retention, from, cut->node))
		return;
	if (cut->others < CUT_OTHERS_KEPT)
		cut->other[cut->others] = from;
	cut->others++;
}

static void find_referrers(struct referrers *referrers)
{
	const struct analysis *analysis = referrers->analysis;
	const struct graph *graph = analysis_graph(analysis);

	for (node_t node = 0; node < graph->inner; node++) {
		if (!retention_alive(analysis->retention, node))
			continue;
		node_t last = NO_NODE;

		for (struct references row = graph_references(graph, node); row.at < row.end;
			row.at++) {
			uint32_t place;

			if (*row.at == last ||
				!addrmap_get(&referrers->places, (addr_t)*row.at + 1, &place))
				continue;
			last = *row.at;
			add_reference(referrers, place, node);
		}
	}
}

struct error *cuts_of_path(
	const struct analysis *analysis, const struct path *path, struct cuts *ret)
{
	struct referrers referrers = {.analysis = analysis, .cuts = ret, .path = path};

	*ret = (struct cuts){0};
	for (size_t i = 0; i < path->nodes.count; i++) {
		addrmap_set(&referrers.places, (addr_t)path->nodes.items[i] + 1, (uint32_t)i);
		vec_push(&ret->list, {.node = path->nodes.items[i]});
	}
	find_referrers(&referrers);
	vec_foreach (cut, &ret->list)
		cut->freed_bytes =
			cut->others ? 0 : retention_retained(analysis->retention, cut->node);
	addrmap_deinit(&referrers.places);
	return NULL;
}

void cuts_deinit(struct cuts *cuts)
{
	vec_deinit(&cuts->list);
}

struct error *cuts_free_together(
	const struct analysis *analysis, const uint64_t *removed, struct freed *ret)
{
	const struct graph *graph = analysis_graph(analysis);
	size_t words = BITSET_WORDS(graph->count);
	uint64_t *reached;

	TRY(big_table_alloc(words, 8, &reached));
	struct error *error = reach_avoiding(graph, removed, reached);
	*ret = (struct freed){0};
	for (node_t node = 0; !error && node < graph->count; node++) {
		if (!retention_alive(analysis->retention, node) || bitset_has(reached, node))
			continue;
		ret->bytes += graph_weight(graph, node);
		ret->objects += !node_is_virtual(analysis->objects, node);
	}
	big_table_free(reached, words * 8);
	return error;
}
