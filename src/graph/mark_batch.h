/* Nodes that are marked and wait to be scanned, taken in batches so that the cache misses of one
 * batch overlap: first the rows are asked for, then their targets.
 */
#pragma once

#include "graph.h"
#include "vec.h"

enum { MARK_BATCH = 16 };

struct mark_stack {
	VEC(node_t) nodes;
};

struct mark_batch {
	unsigned count;
	node_t nodes[MARK_BATCH];
	struct references rows[MARK_BATCH];
};

static inline void mark_batch_take(
	struct mark_batch *batch, struct mark_stack *stack, const struct graph *graph)
{
	batch->count = (unsigned)MIN(stack->nodes.count, (size_t)MARK_BATCH);
	for (unsigned i = 0; i < batch->count; i++) {
		batch->nodes[i] = vec_pop(&stack->nodes);
		graph_prefetch_row(graph, batch->nodes[i]);
	}
	for (unsigned i = 0; i < batch->count; i++) {
		batch->rows[i] = graph_references(graph, batch->nodes[i]);
		__builtin_prefetch(batch->rows[i].at);
	}
}
