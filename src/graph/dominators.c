#include "dominators.h"

#include "table.h"
#include "vec.h"

/* The edges that do not go down the tree: of them a node must know where they come from. */
struct predecessors {
	uint32_t *row;   /* count + 1 */
	uint32_t *from;
	size_t edges;
};

struct finder {
	const struct graph *graph;
	const struct skeleton *skeleton;
	const struct depth_first *walk;
	const uint32_t *order;
	uint32_t count;
	struct predecessors predecessors;
	uint32_t *semi;     /* number of the semidominator */
	uint32_t *label;    /* lowest semidominator on the compressed path */
	uint32_t *ancestor; /* of the forest of nodes that are done */
	uint32_t *idom;
	VEC(uint32_t) path;
};

typedef void edge_fn(struct finder *finder, uint32_t from, uint32_t to);

static void each_edge(struct finder *finder, edge_fn *visit)
{
	const struct graph *graph = finder->graph;

	for (uint32_t from = 0; from < finder->count; from++) {
		node_t node = finder->walk->vertex[from];

		for (uint32_t at = graph->row[node]; at < graph->row[node + 1]; at++) {
			node_t target = graph->targets[at];

			if (skeleton_has(finder->skeleton, target))
				visit(finder, from, finder->order[target]);
		}
	}
}

/* An edge from a lower number goes down the tree: its source is a candidate as it is. */
static void count_edge(struct finder *finder, uint32_t from, uint32_t to)
{
	if (from < to)
		finder->semi[to] = MIN(finder->semi[to], from);
	else if (from > to)
		finder->predecessors.row[to + 1]++;
}

/* row[to] is where the next one goes; in the end it is where those of `to + 1` begin. */
static void enter_edge(struct finder *finder, uint32_t from, uint32_t to)
{
	if (from > to)
		finder->predecessors.from[finder->predecessors.row[to]++] = from;
}

static struct error *find_predecessors(struct finder *finder)
{
	struct predecessors *predecessors = &finder->predecessors;

	TRY(table_alloc(finder->count + 2, sizeof(uint32_t), &predecessors->row));
	each_edge(finder, count_edge);
	for (uint32_t i = 0; i < finder->count; i++)
		predecessors->row[i + 1] += predecessors->row[i];
	predecessors->edges = predecessors->row[finder->count];
	TRY(table_alloc(predecessors->edges, sizeof(uint32_t), &predecessors->from));
	each_edge(finder, enter_edge);
	return NULL;
}

/* The lowest label on the way up from a node that is done to the last one that is (those have numbers
 * above `current`). The way is compressed, so that it is walked once. */
static uint32_t evaluate(struct finder *finder, uint32_t node, uint32_t current)
{
	uint32_t *ancestor = finder->ancestor, *label = finder->label;
	uint32_t at = node;

	finder->path.count = 0;
	while (ancestor[at] > current) {
		vec_push(&finder->path, at);
		at = ancestor[at];
	}
	uint32_t top = ancestor[at], lowest = label[at];
	while (finder->path.count) {
		at = vec_pop(&finder->path);
		lowest = MIN(lowest, label[at]);
		label[at] = lowest;
		ancestor[at] = top;
	}
	return label[node];
}

static void find_semidominators(struct finder *finder)
{
	const struct predecessors *predecessors = &finder->predecessors;

	for (uint32_t node = finder->count; --node > 0;) {
		uint32_t semi = finder->semi[node];
		/* enter_edge() has moved the rows up by one place. */
		uint32_t begin = predecessors->row[node - 1], end = predecessors->row[node];

		for (uint32_t at = begin; at < end; at++)
			semi = MIN(semi, evaluate(finder, predecessors->from[at], node));
		finder->semi[node] = semi;
		finder->label[node] = semi;
	}
}

static void climb_to_dominators(struct finder *finder)
{
	for (uint32_t node = 1; node < finder->count; node++) {
		uint32_t at = finder->walk->parent[node];

		while (at > finder->semi[node])
			at = finder->idom[at];
		finder->idom[node] = at;
	}
}

static struct error *find(struct finder *finder)
{
	size_t count = finder->count;

	TRY(table_alloc(count, sizeof(uint32_t), &finder->semi));
	for (uint32_t node = 0; node < count; node++)
		finder->semi[node] = finder->walk->parent[node];
	TRY(find_predecessors(finder));
	TRY(table_alloc(count, sizeof(uint32_t), &finder->label));
	TRY(table_alloc(count, sizeof(uint32_t), &finder->ancestor));
	for (uint32_t node = 0; node < count; node++)
		finder->ancestor[node] = finder->walk->parent[node];
	find_semidominators(finder);
	TRY(table_alloc(count, sizeof(uint32_t), &finder->idom));
	climb_to_dominators(finder);
	return NULL;
}

static void finder_deinit(struct finder *finder)
{
	size_t bytes = finder->count * sizeof(uint32_t);

	table_free(finder->semi, bytes);
	table_free(finder->label, bytes);
	table_free(finder->ancestor, bytes);
	table_free(finder->predecessors.row, bytes + 2 * sizeof(uint32_t));
	table_free(finder->predecessors.from, finder->predecessors.edges * sizeof(uint32_t));
	vec_deinit(&finder->path);
}

/* Jump pointers of a skew-binary tree (Myers 1983): each node knows its parent and one ancestor whose
 * distance grows with the depth. */
static struct error *add_jumps(struct dominators *dominators)
{
	TRY(table_alloc(dominators->count, sizeof(uint32_t), &dominators->depth));
	TRY(table_alloc(dominators->count, sizeof(uint32_t), &dominators->jump));
	for (uint32_t node = 1; node < dominators->count; node++) {
		uint32_t parent = dominators->idom[node], jump = dominators->jump[parent];
		uint32_t first = dominators->depth[parent] - dominators->depth[jump];
		uint32_t second = dominators->depth[jump] - dominators->depth[dominators->jump[jump]];

		dominators->depth[node] = dominators->depth[parent] + 1;
		dominators->jump[node] = first == second ? dominators->jump[jump] : parent;
	}
	return NULL;
}

struct error *dominators_find(const struct graph *graph, const struct skeleton *skeleton,
	const struct depth_first *walk, const uint32_t *order, struct dominators *ret)
{
	struct finder finder = {
		.graph = graph,
		.skeleton = skeleton,
		.walk = walk,
		.order = order,
		.count = walk->count,
	};
	struct error *error = find(&finder);
	struct dominators dominators = {.count = walk->count, .idom = finder.idom};

	finder_deinit(&finder);
	if (!error)
		error = add_jumps(&dominators);
	if (error) {
		dominators_deinit(&dominators);
		return error;
	}
	*ret = dominators;
	return NULL;
}

void dominators_deinit(struct dominators *dominators)
{
	size_t bytes = dominators->count * sizeof(uint32_t);

	table_free(dominators->idom, bytes);
	table_free(dominators->depth, bytes);
	table_free(dominators->jump, bytes);
	*dominators = (struct dominators){0};
}

/* The ancestor of a node at a depth that is not below it. */
static uint32_t ancestor_at(const struct dominators *dominators, uint32_t node, uint32_t depth)
{
	while (dominators->depth[node] > depth) {
		uint32_t jump = dominators->jump[node];

		node = dominators->depth[jump] >= depth ? jump : dominators->idom[node];
	}
	return node;
}

uint32_t dominators_common(const struct dominators *dominators, uint32_t left, uint32_t right)
{
	uint32_t depth = MIN(dominators->depth[left], dominators->depth[right]);

	left = ancestor_at(dominators, left, depth);
	right = ancestor_at(dominators, right, depth);
	while (left != right) {
		/* Nodes of the same depth jump equally far. */
		bool far = dominators->jump[left] != dominators->jump[right];

		left = far ? dominators->jump[left] : dominators->idom[left];
		right = far ? dominators->jump[right] : dominators->idom[right];
	}
	return left;
}
