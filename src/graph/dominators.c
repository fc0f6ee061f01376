#include "dominators.h"

#include "big_table.h"
#include "vec.h"

struct finder {
	const struct graph *graph;
	const struct skeleton *skeleton;
	struct depth_first *walk;
	const uint32_t *order;
	uint32_t count;
	/* Where the edges come from that do not go down the tree: by node, a row of `from`. When a
	 * node is done its row is not needed any more, and its place takes the semidominator. */
	uint32_t *row;
	uint32_t *from;
	size_t edges;
	/* The lowest semidominator on the compressed path; before a node is done, the lowest number
	 * from which an edge goes down to it. */
	uint32_t *label;
	uint32_t *ancestor; /* of the forest of nodes that are done */
	VEC(uint32_t) path;
};

typedef void edge_fn(struct finder *finder, uint32_t from, uint32_t to);

static inline __attribute__((always_inline)) void each_edge(struct finder *finder, edge_fn *visit)
{
	for (uint32_t from = 0; from < finder->count; from++) {
		struct references row = graph_references(finder->graph, finder->walk->vertex[from]);

		for (; row.at < row.end; row.at++) {
			if (skeleton_has(finder->skeleton, *row.at))
				visit(finder, from, finder->order[*row.at]);
		}
	}
}

/* An edge from a lower number goes down the tree: its source is a candidate as it is. */
static void count_edge(struct finder *finder, uint32_t from, uint32_t to)
{
	if (from < to)
		finder->label[to] = MIN(finder->label[to], from);
	else if (from > to)
		finder->row[to + 1]++;
}

/* row[to] is where the next one goes; in the end it is where those of `to + 1` begin. */
static void enter_edge(struct finder *finder, uint32_t from, uint32_t to)
{
	if (from > to)
		finder->from[finder->row[to]++] = from;
}

static struct error *find_predecessors(struct finder *finder)
{
	TRY(big_table_alloc(finder->count + 2, sizeof(uint32_t), &finder->row));
	TRY(big_table_alloc(finder->count, sizeof(uint32_t), &finder->label));
	for (uint32_t node = 0; node < finder->count; node++)
		finder->label[node] = finder->walk->parent[node];
	each_edge(finder, count_edge);
	for (uint32_t i = 0; i < finder->count; i++)
		finder->row[i + 1] += finder->row[i];
	finder->edges = finder->row[finder->count];
	TRY(big_table_alloc(finder->edges, sizeof(uint32_t), &finder->from));
	each_edge(finder, enter_edge);
	return NULL;
}

/* The lowest label on the way up from a node that is done to the last one that is (those have
 * numbers above `current`). The way is compressed, so that it is walked once. */
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
	for (uint32_t node = finder->count; --node > 0;) {
		uint32_t semi = finder->label[node];
		/* enter_edge() has moved the rows up by one place. */
		uint32_t begin = finder->row[node - 1], end = finder->row[node];

		for (uint32_t at = begin; at < end; at++)
			semi = MIN(semi, evaluate(finder, finder->from[at], node));
		finder->row[node] = semi;
		finder->label[node] = semi;
	}
}

/* From the parent up to the first node that is not below the semidominator. The dominators take the
 * place of the parents, of which only one's own is still needed. */
static void climb_to_dominators(struct finder *finder)
{
	uint32_t *idom = finder->walk->parent;

	for (uint32_t node = 1; node < finder->count; node++) {
		uint32_t at = idom[node];

		while (at > finder->row[node])
			at = idom[at];
		idom[node] = at;
	}
}

static struct error *find(struct finder *finder)
{
	TRY(find_predecessors(finder));
	depth_first_drop_vertex(finder->walk);
	TRY(big_table_alloc(finder->count, sizeof(uint32_t), &finder->ancestor));
	for (uint32_t node = 0; node < finder->count; node++)
		finder->ancestor[node] = finder->walk->parent[node];
	find_semidominators(finder);
	climb_to_dominators(finder);
	return NULL;
}

static void finder_deinit(struct finder *finder)
{
	size_t bytes = finder->count * sizeof(uint32_t);

	big_table_free(finder->label, bytes);
	big_table_free(finder->ancestor, bytes);
	big_table_free(finder->row, bytes + 2 * sizeof(uint32_t));
	big_table_free(finder->from, finder->edges * sizeof(uint32_t));
	vec_deinit(&finder->path);
}

struct error *dominators_find(const struct graph *graph, const struct skeleton *skeleton,
	struct depth_first *walk, const uint32_t *order, struct dominators *ret)
{
	struct finder finder = {
		.graph = graph,
		.skeleton = skeleton,
		.walk = walk,
		.order = order,
		.count = walk->count,
	};
	struct error *error = find(&finder);

	finder_deinit(&finder);
	if (error)
		return error;
	*ret = (struct dominators){.count = walk->count, .idom = walk->parent};
	walk->parent = NULL;
	return NULL;
}

void dominators_deinit(struct dominators *dominators)
{
	dominators_drop_jumps(dominators);
	big_table_free(dominators->idom, dominators->count * sizeof(uint32_t));
	*dominators = (struct dominators){0};
}

/* Jump pointers of a skew-binary tree (Myers 1983): each node knows its parent and one ancestor
 * whose distance grows with the depth. */
struct error *dominators_add_jumps(struct dominators *dominators)
{
	TRY(big_table_alloc(dominators->count, sizeof(uint32_t), &dominators->depth));
	TRY(big_table_alloc(dominators->count, sizeof(uint32_t), &dominators->jump));
	for (uint32_t node = 1; node < dominators->count; node++) {
		uint32_t parent = dominators->idom[node], jump = dominators->jump[parent];
		uint32_t first = dominators->depth[parent] - dominators->depth[jump];
		uint32_t second =
			dominators->depth[jump] - dominators->depth[dominators->jump[jump]];

		dominators->depth[node] = dominators->depth[parent] + 1;
		dominators->jump[node] = first == second ? dominators->jump[jump] : parent;
	}
	return NULL;
}

void dominators_drop_jumps(struct dominators *dominators)
{
	size_t bytes = dominators->count * sizeof(uint32_t);

	big_table_free(dominators->depth, bytes);
	big_table_free(dominators->jump, bytes);
	dominators->depth = dominators->jump = NULL;
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
