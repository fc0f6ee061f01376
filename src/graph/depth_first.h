/* One depth-first walk over the skeleton: preorder numbers, the tree, and strongly connected
 * components.
 *
 * Components come numbered so that an edge between two of them goes from the higher number to the
 * lower (Tarjan 1972).
 */
#pragma once

#include "error.h"
#include "graph.h"
#include "skeleton.h"

struct depth_first {
	uint32_t count;      /* nodes of the skeleton */
	node_t *vertex;      /* by preorder number; see depth_first_drop_vertex() */
	uint32_t *parent;    /* preorder number of the parent in the tree; the root's is 0 */
	uint32_t *component; /* by preorder number; NULL when not wanted */
	uint32_t component_count;
};

/* order: as many entries as the graph has inner nodes; those of the skeleton get their preorder
 * number, the others are left alone. */
struct error *depth_first_walk(const struct graph *graph, const struct skeleton *skeleton,
	bool components, uint32_t *order, struct depth_first *ret);
void depth_first_deinit(struct depth_first *walk);

/* `vertex` can be had back from `order` at any time, so it need not be kept where memory is short.
 */
void depth_first_drop_vertex(struct depth_first *walk);
struct error *depth_first_restore_vertex(
	struct depth_first *walk, const struct skeleton *skeleton, const uint32_t *order);

void depth_first_drop_components(struct depth_first *walk);
