#include "type_sums.h"

#include <string.h>
#include <xxhash.h>

#include "big_table.h"

enum { AT_ONCE = 32 };

/* Types with the same name are shown as one (a struct of a package and of its copy in another
 * module; the same array seen through two types). */
static uint32_t *number_names(const struct object_types *types, uint32_t *ret_count)
{
	uint32_t *number = memory_array(types->list.count, sizeof(*number));
	struct addrmap by_name = {0};

	*ret_count = 0;
	for (size_t i = 0; i < types->list.count; i++) {
		const char *name = types->list.items[i].name;
		uint64_t hash = XXH3_64bits(name, strlen(name)) | 1;

		if (!addrmap_get(&by_name, hash, &number[i])) {
			number[i] = (*ret_count)++;
			addrmap_set(&by_name, hash, number[i]);
		}
	}
	addrmap_deinit(&by_name);
	return number;
}

static int by_shallow(const void *left, const void *right)
{
	const struct type_sum *a = left, *b = right;

	if (a->shallow_bytes != b->shallow_bytes)
		return a->shallow_bytes < b->shallow_bytes ? 1 : -1;
	return (a->type > b->type) - (a->type < b->type);
}

void type_sums_find(const struct analysis *analysis, struct type_sums *ret)
{
	const struct object_types *types = &analysis->typing->object_types;
	uint32_t names;
	_cleanup_free_ uint32_t *number = number_names(types, &names);
	_cleanup_free_ struct type_sum *sums = memory_array(names, sizeof(*sums));

	*ret = (struct type_sums){0};
	for (size_t i = types->list.count; i-- > 0;)
		sums[number[i]].type = (otype_t)i;
	for (uint32_t i = 0; i < analysis->heap->span_count; i++) {
		const struct span *span = &analysis->heap->spans[i];

		for (uint32_t slot = 0; slot < span->nelems; slot++) {
			if (!analysis_alive(analysis, span->first + slot))
				continue;
			struct type_sum *sum =
				&sums[number[analysis->typing->of[span->first + slot]]];

			sum->objects++;
			sum->shallow_bytes += span->elemsize;
		}
	}
	for (uint32_t i = 0; i < names; i++) {
		if (sums[i].objects)
			vec_push(&ret->list, sums[i]);
	}
	if (ret->list.count)
		qsort(ret->list.items, ret->list.count, sizeof(struct type_sum), by_shallow);
}

void type_sums_deinit(struct type_sums *sums)
{
	vec_deinit(&sums->list);
}

/* Marks with one bit per type: a bit reaches a node when there is a way that avoids that type. */
struct marking {
	const struct analysis *analysis;
	const struct graph *graph;
	uint32_t *bit_of;  /* by object type: its bit, or 0 */
	uint32_t *reached; /* by inner node */
	uint64_t *queued;  /* bits by inner node */
	node_t *queue;     /* a ring: each node is in it once at most */
	node_t head, length;
	uint32_t *shared; /* by rank: what reaches shared leaves */
	uint64_t lost[AT_ONCE];
};

static uint32_t bit_of(const struct marking *marking, node_t node)
{
	return node_is_virtual(marking->analysis->objects, node)
		       ? 0
		       : marking->bit_of[analysis_type(marking->analysis, node)];
}

static void enqueue(struct marking *marking, node_t node)
{
	if (bitset_has(marking->queued, node))
		return;
	bitset_add(marking->queued, node);
	node_t place = marking->head + marking->length++;
	marking->queue[place >= marking->graph->inner ? place - marking->graph->inner : place] =
		node;
}

static void spread_bits(struct marking *marking, node_t node)
{
	const struct shared_leaves *leaves = &marking->analysis->retention->leaves;
	uint32_t bits = marking->reached[node];

	for (struct references row = graph_references(marking->graph, node); row.at < row.end;
		row.at++) {
		if (*row.at >= marking->graph->inner) {
			if (shared_leaves_has(leaves, *row.at))
				marking->shared[shared_leaves_rank(leaves, *row.at)] |= bits;
			continue;
		}
		uint32_t added = bits & ~bit_of(marking, *row.at) & ~marking->reached[*row.at];
		if (!added)
			continue;
		marking->reached[*row.at] |= added;
		enqueue(marking, *row.at);
	}
}

static void mark(struct marking *marking)
{
	marking->reached[marking->graph->root] = UINT32_MAX;
	enqueue(marking, marking->graph->root);
	while (marking->length) {
		node_t node = marking->queue[marking->head];

		marking->head = marking->head + 1 == marking->graph->inner ? 0 : marking->head + 1;
		marking->length--;
		bitset_remove(marking->queued, node);
		spread_bits(marking, node);
	}
}

static uint32_t bits_reaching(const struct marking *marking, node_t node)
{
	const struct retention *retention = marking->analysis->retention;
	const struct shared_leaves *leaves = &retention->leaves;

	if (node < marking->graph->inner)
		return marking->reached[node];
	uint32_t bits = shared_leaves_has(leaves, node)
				? marking->shared[shared_leaves_rank(leaves, node)]
				: marking->reached[retention->idom[node]];
	return bits & ~bit_of(marking, node);
}

static void sum_lost(struct marking *marking)
{
	for (node_t node = 0; node < marking->graph->count; node++) {
		if (!retention_alive(marking->analysis->retention, node))
			continue;
		uint32_t lost = ~bits_reaching(marking, node);

		if (!lost)
			continue;
		uint64_t bytes = graph_weight(marking->graph, node);
		for (; lost; lost &= lost - 1)
			marking->lost[__builtin_ctz(lost)] += bytes;
	}
}

static struct error *mark_for(struct marking *marking)
{
	const struct graph *graph = marking->graph;
	uint32_t shared = marking->analysis->retention->leaves.count;

	TRY(big_table_alloc(graph->inner, sizeof(uint32_t), &marking->reached));
	TRY(big_table_alloc(BITSET_WORDS(graph->inner), 8, &marking->queued));
	TRY(big_table_alloc(graph->inner, sizeof(node_t), &marking->queue));
	TRY(big_table_alloc(shared, sizeof(uint32_t), &marking->shared));
	mark(marking);
	sum_lost(marking);
	return NULL;
}

static void marking_deinit(struct marking *marking)
{
	big_table_free(marking->reached, marking->graph->inner * sizeof(uint32_t));
	big_table_free(marking->queued, BITSET_WORDS(marking->graph->inner) * 8);
	big_table_free(marking->queue, marking->graph->inner * sizeof(node_t));
	big_table_free(
		marking->shared, marking->analysis->retention->leaves.count * sizeof(uint32_t));
	free(marking->bit_of);
}

static struct error *retained_of(
	const struct analysis *analysis, struct type_sum *sums, size_t count)
{
	const struct object_types *types = &analysis->typing->object_types;
	struct marking marking = {
		.analysis = analysis,
		.graph = analysis_graph(analysis),
		.bit_of = memory_array(types->list.count, sizeof(uint32_t)),
	};

	for (size_t i = 0; i < types->list.count; i++) {
		for (size_t k = 0; k < count; k++) {
			if (!strcmp(types->list.items[i].name,
				    types->list.items[sums[k].type].name))
				marking.bit_of[i] = (uint32_t)1 << k;
		}
	}
	struct error *error = mark_for(&marking);
	for (size_t k = 0; k < count; k++)
		sums[k].retained_bytes = marking.lost[k];
	marking_deinit(&marking);
	return error;
}

struct error *type_sums_retained(
	const struct analysis *analysis, struct type_sums *sums, size_t count)
{
	count = MIN(count, sums->list.count);
	for (size_t at = 0; at < count; at += AT_ONCE)
		TRY(retained_of(analysis, sums->list.items + at, MIN(count - at, (size_t)AT_ONCE)));
	return NULL;
}
