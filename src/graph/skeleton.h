/* The part of the graph where dominators are not obvious.
 *
 * Most objects have exactly one reference to them, and lead to no object that has more: a string's
 * bytes, a value in a box, a small tree of them. Their dominator is the object that refers to them.
 * They hang on the rest like fringes, and are taken off here; what is left, the skeleton, is a
 * small part of a real heap, and the only part that the expensive algorithms see.
 *
 * Nodes of the skeleton are also numbered by rank: how many of them come before.
 */
#pragma once

#include "bitset.h"
#include "error.h"
#include "graph.h"

struct skeleton {
	uint64_t *kept;  /* bits, by inner node */
	uint32_t *ranks; /* by word of kept: how many nodes come before it */
	node_t inner;
	uint32_t count;
};

/* owner and inner_children as reach_mark() left them; inner_children is used up. The nodes from
 * `pinned` on, `pinned_count` of them, are kept in any case. */
struct error *skeleton_build(const struct graph *graph, const node_t *owner,
	uint8_t *inner_children, node_t pinned, node_t pinned_count, struct skeleton *ret);
void skeleton_deinit(struct skeleton *skeleton);

static inline bool skeleton_has(const struct skeleton *skeleton, node_t node)
{
	return node < skeleton->inner && bitset_has(skeleton->kept, node);
}

/* The place of a node of the skeleton, 0 to count - 1, in the order of node numbers. */
static inline uint32_t skeleton_rank(const struct skeleton *skeleton, node_t node)
{
	uint64_t below = skeleton->kept[node >> 6] & bits_below(node & 63);

	return skeleton->ranks[node >> 6] + (uint32_t)__builtin_popcountll(below);
}

/* The node of the skeleton on which a node hangs, itself perhaps; `owner`: the only reference, or
 * the dominator. The node must be alive, and have one. */
static inline node_t skeleton_anchor(
	const struct skeleton *skeleton, const node_t *owner, node_t node)
{
	while (!skeleton_has(skeleton, node))
		node = owner[node];
	return node;
}
