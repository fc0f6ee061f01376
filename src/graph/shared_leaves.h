/* Leaves with more than one reference: their dominators, and the holders that reach them.
 *
 * A leaf lies on no way to anything, so the skeleton does not need it; its dominator is the nearest
 * common dominator of the nodes that refer to it.
 */
#pragma once

#include "dominators.h"
#include "error.h"
#include "graph.h"
#include "holder_sets.h"
#include "skeleton.h"

struct shared_leaves {
	node_t first;    /* the first leaf of the graph */
	uint64_t *bits;  /* by leaf - first: has more than one reference */
	uint32_t *ranks; /* by word of bits */
	size_t words;
	uint32_t count;
	node_t *common; /* by rank: the dominator so far */
	set_t *set;     /* by rank */
};

struct leaf_context {
	const struct graph *graph;
	const struct skeleton *skeleton;
	const node_t *owner; /* of nodes of the skeleton: their preorder number */
	const struct dominators *dominators;
	const node_t *vertex;
	const set_t *set_by_order; /* by preorder number; NULL: no sets */
	struct holder_sets *sets;
};

struct error *shared_leaves_find(const struct leaf_context *context, struct shared_leaves *ret);
void shared_leaves_deinit(struct shared_leaves *leaves);

static inline bool shared_leaves_has(const struct shared_leaves *leaves, node_t leaf)
{
	return leaf >= leaves->first && bitset_has(leaves->bits, leaf - leaves->first);
}

/* The place of a shared leaf in common and set. */
static inline uint32_t shared_leaves_rank(const struct shared_leaves *leaves, node_t leaf)
{
	uint32_t at = leaf - leaves->first;

	return leaves->ranks[at >> 6] +
	       (uint32_t)__builtin_popcountll(leaves->bits[at >> 6] & bits_below(at & 63));
}
