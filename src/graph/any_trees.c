#include "any_trees.h"

#include "gomap.h"

enum {
	MAX_CLIMB = 4096,    /* dominators that are passed on the way up */
	PROBED = 64,         /* trees whose size tells how many can be looked at */
	VALUES_OF_PROBE = 4, /* a part of the limit is for them */
};

/* Something that a tree consists of: parts of its maps, slices of any, boxes of those slices. */
static bool is_inside(const struct analysis *analysis, node_t node, bool *ret_map)
{
	struct types *types = &analysis->typing->types;
	const struct object_type *type =
		object_type_at(&analysis->typing->object_types, analysis_type(analysis, node));
	const struct go_type *elem;

	*ret_map = type->role == ROLE_MAP && any_map_is(types, type->type);
	switch (type->role) {
	case ROLE_MAP_GROUPS:
	case ROLE_MAP_TABLE:
	case ROLE_MAP_DIRECTORY:
		return any_map_is(types, type->type);
	case ROLE_ARRAY:
		return go_type_is_eface(type->type);
	case ROLE_VALUE:
		elem = type->type->kind == KIND_SLICE ? types_at(types, type->type->elem) : NULL;
		return elem && go_type_is_eface(elem);
	default:
		return false;
	}
}

/* Does another such map hold it? */
static bool is_nested(const struct analysis *analysis, node_t map)
{
	node_t node = analysis->retention->idom[map];
	bool is_map = false;

	for (unsigned i = 0; i < MAX_CLIMB; i++) {
		if (node_is_virtual(analysis->objects, node) || !is_inside(analysis, node, &is_map))
			break;
		node = analysis->retention->idom[node];
	}
	return is_map;
}

static bool same_group(const struct any_tree *a, const struct any_tree *b)
{
	return a->set == b->set && a->map->type == b->map->type && a->above_type == b->above_type;
}

static int by_group(const void *left, const void *right)
{
	const struct any_tree *a = left, *b = right;

	if (a->set != b->set)
		return a->set < b->set ? -1 : 1;
	if (a->map->type->number != b->map->type->number)
		return a->map->type->number < b->map->type->number ? -1 : 1;
	if (a->above_type != b->above_type)
		return a->above_type < b->above_type ? -1 : 1;
	return (a->map->address > b->map->address) - (a->map->address < b->map->address);
}

static void add_tree(
	const struct analysis *analysis, const struct listed_map *map, struct any_trees *trees)
{
	node_t above = analysis->retention->idom[map->node];

	vec_push(&trees->list, {.map = map,
				       .above = above,
				       .set = retention_set(analysis->retention, map->node),
				       .above_type = analysis_type(analysis, above)});
}

static void find_groups(struct any_trees *trees)
{
	for (size_t i = 0; i < trees->list.count;) {
		struct any_tree *first = &trees->list.items[i];
		struct any_group group = {.trees = first, .largest = first->map->node};
		uint64_t most = 0;

		for (; i < trees->list.count && same_group(first, &trees->list.items[i]); i++) {
			const struct listed_map *map = trees->list.items[i].map;

			group.count++;
			group.retained_bytes += map->retained_bytes;
			if (map->retained_bytes > most) {
				most = map->retained_bytes;
				group.largest = map->node;
			}
		}
		vec_push(&trees->groups, group);
	}
}

static int by_retained(const void *left, const void *right)
{
	const struct any_group *a = left, *b = right;

	if (a->retained_bytes != b->retained_bytes)
		return a->retained_bytes < b->retained_bytes ? 1 : -1;
	return (a->trees > b->trees) - (a->trees < b->trees);
}

void any_trees_find(
	const struct analysis *analysis, const struct map_list *maps, struct any_trees *ret)
{
	struct types *types = &analysis->typing->types;

	*ret = (struct any_trees){0};
	vec_foreach (map, &maps->list) {
		if (any_map_is(types, map->type) && map->entries && !is_nested(analysis, map->node))
			add_tree(analysis, map, ret);
	}
	if (ret->list.count)
		qsort(ret->list.items, ret->list.count, sizeof(struct any_tree), by_group);
	find_groups(ret);
	if (ret->groups.count)
		qsort(ret->groups.items, ret->groups.count, sizeof(struct any_group), by_retained);
}

void any_trees_deinit(struct any_trees *trees)
{
	vec_deinit(&trees->list);
	vec_deinit(&trees->groups);
}

/* Every how many-th tree, so that all that are looked at have about `limit` values. */
static size_t step_of(
	const struct analysis *analysis, const struct any_tree *trees, size_t count, uint64_t limit)
{
	_cleanup_(cleanup_any_schema) struct any_schema *probe = any_schema_create("");
	size_t step = count / PROBED + 1, probed = 0;
	struct any_walk walk;

	any_walk_init(&walk, analysis, limit / VALUES_OF_PROBE);
	for (size_t i = 0; i < count && walk.values_left; i += step, probed++)
		any_walk_tree(&walk, trees[i].map->type, trees[i].map->address, probe);
	uint64_t values = limit / VALUES_OF_PROBE - walk.values_left;
	any_walk_deinit(&walk);
	return probed == count ? 1 : (size_t)(values * count / MAX(probed, (size_t)1) / limit) + 1;
}

size_t any_trees_schema(const struct analysis *analysis, const struct any_tree *trees, size_t count,
	uint64_t limit, struct any_schema **ret, uint64_t *ret_unnamed)
{
	struct any_schema *schema = any_schema_create("");
	size_t step = step_of(analysis, trees, count, limit), looked_at = 0;
	struct any_walk walk;

	any_walk_init(&walk, analysis, 2 * limit);
	for (size_t i = 0; i < count && walk.values_left; i += step, looked_at++)
		any_walk_tree(&walk, trees[i].map->type, trees[i].map->address, schema);
	*ret_unnamed = walk.unnamed;
	any_walk_deinit(&walk);
	any_schema_finish(schema);
	*ret = schema;
	return looked_at;
}
