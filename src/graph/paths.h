/* The shortest chain of references from a root to something. */
#pragma once

#include "analysis.h"

struct path {
	VEC(node_t)
	nodes; /* from a child of the root (a variable, a goroutine, ...) to the target */
};

/* Is it what is looked for? */
typedef bool path_target_fn(const void *context, node_t node);

/* The shortest chain to the first node that is a target; none when ret->nodes.count is 0. Chains
 * may begin at `from` only; NO_NODE: at any root. */
struct error *paths_find(const struct analysis *analysis, node_t from, path_target_fn *is_target,
	const void *context, struct path *ret);

/* The same for one node. */
struct error *paths_to(
	const struct analysis *analysis, node_t from, node_t target, struct path *ret);

/* The same, through none of some nodes (bits by node). */
struct error *paths_to_avoiding(
	const struct analysis *analysis, const uint64_t *avoided, node_t target, struct path *ret);

/* The shortest chain to each of some nodes, all in one pass. ret: `count` paths; empty where there
 * is none. */
struct error *paths_to_each(
	const struct analysis *analysis, const node_t *targets, size_t count, struct path *ret);

void path_deinit(struct path *path);
