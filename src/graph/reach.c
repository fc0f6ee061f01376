#include "reach.h"

#include "bitset.h"
#include "mark_batch.h"

enum { PREFETCHED = 64 }; /* targets of one row */

/* What is known of the targets is asked for as well. */
static void batch_prefetch(const struct mark_batch *batch, const node_t *owner)
{
	for (unsigned i = 0; i < batch->count; i++) {
		const node_t *end = MIN(batch->rows[i].end, batch->rows[i].at + PREFETCHED);

		for (const node_t *at = batch->rows[i].at; at < end; at++)
			__builtin_prefetch(&owner[*at], 1);
	}
}

static void scan(const struct graph *graph, node_t node, struct references row, node_t *owner,
	uint8_t *inner_children, struct mark_stack *stack)
{
	uint32_t inner = 0;

	vec_reserve(&stack->nodes, stack->nodes.count + (size_t)(row.end - row.at));
	for (const node_t *at = row.at; at < row.end; at++) {
		node_t target = *at;
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
	struct mark_stack stack = {0};
	struct mark_batch batch;

	for (node_t node = 0; node < graph->count; node++)
		owner[node] = OWNER_NONE;
	owner[graph->root] = graph->root;
	vec_push(&stack.nodes, graph->root);
	while (stack.nodes.count) {
		mark_batch_take(&batch, &stack, graph);
		batch_prefetch(&batch, owner);
		for (unsigned i = 0; i < batch.count; i++)
			scan(graph, batch.nodes[i], batch.rows[i], owner, inner_children, &stack);
	}
	vec_deinit(&stack.nodes);
	return NULL;
}

struct error *reach_avoiding(const struct graph *graph, const uint64_t *removed, uint64_t *reached)
{
	struct mark_stack stack = {0};
	struct mark_batch batch;

	bitset_add(reached, graph->root);
	vec_push(&stack.nodes, graph->root);
	while (stack.nodes.count) {
		mark_batch_take(&batch, &stack, graph);
		for (unsigned i = 0; i < batch.count; i++) {
			struct references row = batch.rows[i];

			for (; row.at < row.end; row.at++) {
				node_t target = *row.at;

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
