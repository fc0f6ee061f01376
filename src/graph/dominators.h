/* Immediate dominators of the skeleton: Semi-NCA (Georgiadis 2005; the variant of Lengauer and
 * Tarjan 1979 that finds them from semidominators by climbing).
 *
 * Everything here is by preorder number of the depth-first walk; 0 is the root.
 */
#pragma once

#include "depth_first.h"
#include "error.h"
#include "graph.h"
#include "skeleton.h"

struct dominators {
	uint32_t count;
	uint32_t *idom;  /* idom[i] < i, but idom[0] is 0 */
	uint32_t *depth; /* of the root: 0 */
	uint32_t *jump;  /* an ancestor further up, so that climbing takes logarithmic steps */
};

/* `order`: as depth_first_walk() left it. Takes walk->parent over, which becomes idom, and drops
 * walk->vertex when it is not needed any more. */
struct error *dominators_find(const struct graph *graph, const struct skeleton *skeleton,
	struct depth_first *walk, const uint32_t *order, struct dominators *ret);
void dominators_deinit(struct dominators *dominators);

/* Jump pointers, for dominators_common(). */
struct error *dominators_add_jumps(struct dominators *dominators);
void dominators_drop_jumps(struct dominators *dominators);

/* The nearest common ancestor in the dominator tree. */
uint32_t dominators_common(const struct dominators *dominators, uint32_t left, uint32_t right);
