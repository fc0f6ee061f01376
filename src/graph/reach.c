#include "reach.h"

#include "bitset.h"
#include "vec.h"

enum { BATCH = 16 };

struct stack {
	VEC(node_t) nodes;
};

/* The next nodes to scan. They are taken in batches so that the misses of one batch overlap: first the
 * rows are asked for, then the targets, then what is known of the targets. */
struct batch {
	unsigned count;
	node_t nodes[BATCH];
};

static void batch_take(struct batch *batch, struct stack *stack, const struct graph *graph)
{
	batch->count = (unsigned)MIN(stack->nodes.count, (size_t)BATCH);
	for (unsigned i = 0; i < batch->count; i++) {
		batch->nodes[i] = vec_pop(&stack->nodes);
		__builtin_prefetch(&graph->row[batch->nodes[i]]);
	}
	for (unsigned i = 0; i < batch->count; i++)
		__builtin_prefetch(&graph->targets[graph->row[batch->nodes[i]]]);
}

static void batch_prefetch(const struct batch *batch, const struct graph *graph, const node_t *owner)
{
	for (unsigned i = 0; i < batch->count; i++) {
		node_t node = batch->nodes[i];
		uint32_t end = MIN(graph->row[node + 1], graph->row[node] + 64);

		for (uint32_t at = graph->row[node]; at < end; at++)
			__builtin_prefetch(&owner[graph->targets[at]], 1);
	}
}

static void scan(const struct graph *graph, node_t node, node_t *owner, uint8_t *inner_children,
	struct stack *stack)
{
	uint32_t begin = graph->row[node], end = graph->row[node + 1];
	uint32_t inner = 0;

	vec_reserve(&stack->nodes, stack->nodes.count + (end - begin));
	for (uint32_t at = begin; at < end; at++) {
		node_t target = graph->targets[at];
		bool first = owner[target] == OWNER_NONE;

		inner += target < graph->inner;
		owner[target] = first ? node : target == graph->root ? target : OWNER_MANY;
		if (first && target < graph->inner)
			stack->nodes.items[stack->nodes.count++] = target;
	}
	inner_children[node] = (uint8_t)MIN(inner, 255u);
}

struct error *reach_mark(const struct graph *graph, node_t *owner, uint8_t *inner_children)
{
	struct stack stack = {0};
	struct batch batch;

	for (node_t node = 0; node < graph->count; node++)
		owner[node] = OWNER_NONE;
	owner[graph->root] = graph->root;
	vec_push(&stack.nodes, graph->root);
	while (stack.nodes.count) {
		batch_take(&batch, &stack, graph);
		batch_prefetch(&batch, graph, owner);
		for (unsigned i = 0; i < batch.count; i++)
			scan(graph, batch.nodes[i], owner, inner_children, &stack);
	}
	vec_deinit(&stack.nodes);
	return NULL;
}

struct error *reach_avoiding(const struct graph *graph, const uint64_t *removed, uint64_t *reached)
{
	struct stack stack = {0};
	struct batch batch;

	bitset_add(reached, graph->root);
	vec_push(&stack.nodes, graph->root);
	while (stack.nodes.count) {
		batch_take(&batch, &stack, graph);
		for (unsigned i = 0; i < batch.count; i++) {
			node_t node = batch.nodes[i];

			for (uint32_t at = graph->row[node]; at < graph->row[node + 1]; at++) {
				node_t target = graph->targets[at];

				if (bitset_has(reached, target) ||
					(removed && bitset_has(removed, target)))
					continue;
				bitset_add(reached, target);
				if (target < graph->inner)
					vec_push(&stack.nodes, target);
			}
		}
	}
	vec_deinit(&stack.nodes);
	return NULL;
}
