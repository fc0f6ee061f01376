/* All trees of map[string]any that are alive, in groups: those at one place of the program.
 *
 * A tree begins with a map that no other such map holds. Trees of a group have the same holders,
 * the same type, and hang on objects of the same type.
 */
#pragma once

#include "any_walk.h"
#include "map_list.h"

struct any_tree {
	const struct listed_map *map;
	node_t above; /* its dominator */
	set_t set;
	otype_t above_type; /* NO_TYPE: a variable or a frame */
};

struct any_group {
	const struct any_tree *trees;
	size_t count;
	uint64_t retained_bytes; /* by all of its trees */
	node_t largest;          /* the map that retains most */
};

struct any_trees {
	VEC(struct any_tree) list;    /* by group, in each by address */
	VEC(struct any_group) groups; /* by retained bytes, largest first */
};

/* `maps` must outlive it. */
void any_trees_find(
	const struct analysis *analysis, const struct map_list *maps, struct any_trees *ret);
void any_trees_deinit(struct any_trees *trees);

/* The schema of trees of which at most `limit` values are looked at: of every n-th, whole. Returns
 * how many trees are in it; ret_unnamed: keys whose bytes could not be had. */
size_t any_trees_schema(const struct analysis *analysis, const struct any_tree *trees, size_t count,
	uint64_t limit, struct any_schema **ret, uint64_t *ret_unnamed);
