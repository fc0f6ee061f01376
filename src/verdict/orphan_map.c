#include "orphan_map.h"

#include <string.h>

#include "near.h"

static bool is_map(const struct analysis *analysis, node_t node)
{
	otype_t type = analysis_type(analysis, node);

	return object_type_at(&analysis->typing->object_types, type)->role == ROLE_MAP;
}

/* The place in waits.awaited of what would stop it. */
static uint32_t awaited_stop(const struct orphans *orphans, uint32_t goroutine)
{
	const struct wait_ends *ends = &orphans->ends;
	const struct goroutine_wait *wait = &ends->verdicts->waits.of[goroutine];
	uint32_t place = wait->first;

	while (place + 1 < wait->first + wait->count &&
		wait_ends_node(ends, ends->verdicts->waits.awaited.items[place].object) !=
			wait_ends_first(ends, goroutine))
		place++;
	return place;
}

/* The map that a channel is in, by the shortest chain to it. */
static struct error *map_of(const struct orphans *orphans, uint32_t goroutine, node_t *ret)
{
	const struct analysis *analysis = orphans->ends.analysis;
	struct path path;

	TRY(never_wakes_chain(analysis, orphans->ends.verdicts, goroutine,
		awaited_stop(orphans, goroutine), &path));
	for (size_t i = path.nodes.count; i > 0 && *ret == NO_NODE; i--) {
		if (is_map(analysis, path.nodes.items[i - 1]))
			*ret = path.nodes.items[i - 1];
	}
	path_deinit(&path);
	return NULL;
}

struct error *orphan_map_of_others(const struct orphans *orphans, uint32_t group, node_t *ret)
{
	const struct stacks *stacks = &orphans->ends.analysis->objects->stacks;

	*ret = NO_NODE;
	for (uint32_t i = 0; i < stacks->goroutines.list.count; i++) {
		if (stacks->group_of[i] == group && bitset_has(orphans->ends.chosen, i) &&
			!bitset_has(orphans->ends.left, i))
			return map_of(orphans, i, ret);
	}
	return NULL;
}

struct match {
	const struct analysis *analysis;
	const uint64_t *reached;
	node_t stop;
	VEC(const struct go_type *) types; /* of what has the channel that would stop it */
};

static const struct go_type *value_type(const struct match *match, node_t node)
{
	const struct object_type *type = object_type_at(
		&match->analysis->typing->object_types, analysis_type(match->analysis, node));

	return type->role == ROLE_VALUE ? type->type : NULL;
}

/* What refers to the channel and is the goroutine's alone. The channel's own type says too little:
 * most stop channels are of the same. So does a context, whose cancel function is of the type of
 * all of them. */
static bool look_at_node(void *context, node_t node)
{
	struct match *match = context;
	const struct graph *graph = analysis_graph(match->analysis);
	const struct go_type *type;

	if (node_is_virtual(match->analysis->objects, node))
		return true;
	if (bitset_has(match->reached, node))
		return false;
	if (node >= graph->inner || node == match->stop)
		return false;
	type = value_type(match, node);
	for (struct references row = graph_references(graph, node); row.at < row.end; row.at++) {
		if (type && *row.at == match->stop)
			vec_push(&match->types, type);
	}
	return true;
}

static bool is_element(struct types *types, const struct go_type *map, const struct go_type *type)
{
	const struct go_type *element = types_at(types, map->elem);

	return element && (element == type || (element->kind == KIND_POINTER &&
						      types_at(types, element->elem) == type));
}

static bool matches(const struct match *match, const struct listed_map *map)
{
	vec_foreach (type, &match->types) {
		if (is_element(&match->analysis->typing->types, map->type, *type))
			return true;
	}
	return false;
}

node_t orphan_map_by_type(
	const struct orphans *orphans, const struct map_list *maps, uint32_t goroutine)
{
	const struct analysis *analysis = orphans->ends.analysis;
	struct match match = {
		.analysis = analysis,
		.reached = orphans->ends.reach.reached,
		.stop = wait_ends_first(&orphans->ends, goroutine),
	};
	node_t found = NO_NODE;
	unsigned count = 0;

	near_each(analysis_graph(analysis), object_graph_goroutine(analysis->objects, goroutine),
		look_at_node, &match);
	vec_foreach (map, &maps->list) {
		if (!matches(&match, map))
			continue;
		found = map->node;
		count++;
	}
	vec_deinit(&match.types);
	return count == 1 ? found : NO_NODE;
}
