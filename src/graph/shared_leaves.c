#include "shared_leaves.h"

#include "memory.h"
#include "reach.h"
#include "big_table.h"

static struct error *collect(const struct leaf_context *context, struct shared_leaves *leaves)
{
	const struct graph *graph = context->graph;

	leaves->first = graph->inner;
	leaves->words = BITSET_WORDS(graph->count - graph->inner);
	TRY(big_table_alloc(leaves->words, 8, &leaves->bits));
	TRY(big_table_alloc(leaves->words, sizeof(uint32_t), &leaves->ranks));
	for (node_t leaf = graph->inner; leaf < graph->count; leaf++) {
		if (context->owner[leaf] == OWNER_MANY)
			bitset_add(leaves->bits, leaf - leaves->first);
	}
	for (size_t word = 0; word < leaves->words; word++) {
		leaves->ranks[word] = leaves->count;
		leaves->count += (uint32_t)__builtin_popcountll(leaves->bits[word]);
	}
	TRY(big_table_alloc(leaves->count, sizeof(node_t), &leaves->common));
	TRY(big_table_alloc(leaves->count, sizeof(set_t), &leaves->set));
	for (uint32_t i = 0; i < leaves->count; i++)
		leaves->common[i] = NO_NODE;
	return NULL;
}

static unsigned steps_to_anchor(const struct leaf_context *context, node_t node)
{
	unsigned steps = 0;

	for (; !skeleton_has(context->skeleton, node); node = context->owner[node])
		steps++;
	return steps;
}

/* Two nodes that hang on the same node of the skeleton. */
static node_t common_in_fringe(const struct leaf_context *context, node_t left, node_t right)
{
	unsigned left_steps = steps_to_anchor(context, left);
	unsigned right_steps = steps_to_anchor(context, right);

	for (; left_steps > right_steps; left_steps--)
		left = context->owner[left];
	for (; right_steps > left_steps; right_steps--)
		right = context->owner[right];
	while (left != right) {
		left = context->owner[left];
		right = context->owner[right];
	}
	return left;
}

static node_t common(const struct leaf_context *context, node_t left, node_t right)
{
	if (left == right)
		return left;
	node_t left_anchor = skeleton_anchor(context->skeleton, context->owner, left);
	node_t right_anchor = skeleton_anchor(context->skeleton, context->owner, right);

	if (left_anchor == right_anchor)
		return common_in_fringe(context, left, right);
	return context->vertex[dominators_common(
		context->dominators, context->owner[left_anchor], context->owner[right_anchor])];
}

static void add_reference(
	const struct leaf_context *context, struct shared_leaves *leaves, node_t from, node_t leaf)
{
	uint32_t rank = shared_leaves_rank(leaves, leaf);

	leaves->common[rank] = leaves->common[rank] == NO_NODE
				       ? from
				       : common(context, leaves->common[rank], from);
	if (!context->set_by_order)
		return;
	node_t anchor = skeleton_anchor(context->skeleton, context->owner, from);
	set_t set = context->set_by_order[context->owner[anchor]];
	leaves->set[rank] = holder_sets_union(context->sets, leaves->set[rank], set);
}

struct error *shared_leaves_find(const struct leaf_context *context, struct shared_leaves *ret)
{
	const struct graph *graph = context->graph;
	struct shared_leaves leaves = {0};
	struct error *error = collect(context, &leaves);

	if (error) {
		shared_leaves_deinit(&leaves);
		return error;
	}
	for (node_t node = 0; leaves.count && node < graph->inner; node++) {
		if (context->owner[node] == OWNER_NONE)
			continue;
		for (struct references row = graph_references(graph, node); row.at < row.end;
			row.at++) {
			if (shared_leaves_has(&leaves, *row.at))
				add_reference(context, &leaves, node, *row.at);
		}
	}
	*ret = leaves;
	return NULL;
}

void shared_leaves_deinit(struct shared_leaves *leaves)
{
	big_table_free(leaves->bits, leaves->words * 8);
	big_table_free(leaves->ranks, leaves->words * sizeof(uint32_t));
	big_table_free(leaves->common, leaves->count * sizeof(node_t));
	big_table_free(leaves->set, leaves->count * sizeof(set_t));
	*leaves = (struct shared_leaves){0};
}
