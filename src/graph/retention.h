/* Who keeps what alive: for every node its dominator, what it retains, and the holders that reach
 * it.
 *
 * - The immediate dominator of a node is the last node through which every way from the root goes.
 * - The retained bytes of a node are its own and those of all nodes that it dominates: what would
 * be freed if it were gone.
 * - The holder set of a node is the set of top-level holders from which it can be reached. Values
 * are often shared (a map, a list and a cache that all lead to the same sessions): then no holder
 * dominates them, and the set tells who holds them together.
 */
#pragma once

#include "byte_counts.h"
#include "error.h"
#include "graph.h"
#include "holder_sets.h"
#include "shared_leaves.h"
#include "skeleton.h"

#define NO_HOLDER UINT32_MAX

/* What is kept alive by exactly the holders of one set. */
struct set_sum {
	uint64_t bytes;
	uint64_t objects;
};

struct retention {
	const struct graph *graph;
	node_t *idom; /* graph->count entries; NO_NODE: not alive; the root's is itself */
	struct byte_counts retained; /* graph->inner entries; a leaf retains itself */
	struct skeleton skeleton;
	set_t *set_by_rank;          /* by rank in the skeleton; NULL when there are no holders */
	struct shared_leaves leaves; /* which have sets of their own */
	struct holder_sets *sets;
	struct set_sum *sums; /* by set */
	uint32_t set_count;
	uint64_t live_bytes;
	uint64_t live_nodes;
};

struct retention_input {
	const struct graph *graph;
	/* The holder that a node is, for the nodes from `first_holder` on, `holder_nodes` of them,
	 * or NO_HOLDER. They are inner nodes, and only the root refers to them. NULL: no holders.
	 */
	const uint32_t *holders;
	node_t first_holder;
	uint32_t holder_nodes;
	/* Nodes that are not counted in sums and live_nodes: the root and what else stands for no
	 * object. Their weight must be 0. */
	node_t first_virtual;
	uint32_t virtual_nodes;
};

struct error *retention_compute(const struct retention_input *input, struct retention **ret);
void retention_destroy(struct retention *retention);

static inline bool retention_alive(const struct retention *retention, node_t node)
{
	return retention->idom[node] != NO_NODE;
}

/* Bytes. 0 when it is not alive. */
uint64_t retention_retained(const struct retention *retention, node_t node);

/* The holder set of a node that is alive. */
set_t retention_set(const struct retention *retention, node_t node);
