#include "depth_first.h"

#include "memory.h"
#include "big_table.h"

/* A node on the path from the root, and its next reference to look at. */
struct step {
	uint32_t number; /* preorder */
	uint32_t left;   /* references that have not been looked at, from the last one on */
};

struct walk {
	const struct graph *graph;
	const struct skeleton *skeleton;
	uint32_t *order;
	uint64_t *visited; /* bits by node */
	struct depth_first result;
	struct step *path;
	uint32_t depth;
	/* Tarjan: the lowest number reachable, and the nodes whose component is not complete. A
	 * component number takes the place of the lowest number when it is. */
	uint32_t *low;
	uint32_t *open;
	uint32_t open_count;
	uint64_t *closed; /* bits by preorder number */
};

static void enter(struct walk *walk, node_t node, uint32_t parent)
{
	uint32_t number = walk->result.count++;

	bitset_add(walk->visited, node);
	walk->order[node] = number;
	walk->result.vertex[number] = node;
	walk->result.parent[number] = parent;
	walk->path[walk->depth++] =
		(struct step){.number = number, .left = graph_row_length(walk->graph, node)};
	if (walk->low) {
		walk->low[number] = number;
		walk->open[walk->open_count++] = number;
	}
}

/* All open nodes from `number` on are one component. */
static void close_component(struct walk *walk, uint32_t number)
{
	uint32_t component = walk->result.component_count++, member;

	do {
		member = walk->open[--walk->open_count];
		bitset_add(walk->closed, member);
		walk->low[member] = component;
	} while (member != number);
}

static void leave(struct walk *walk)
{
	uint32_t number = walk->path[--walk->depth].number;

	if (!walk->low)
		return;
	uint32_t low = walk->low[number];

	if (low == number)
		close_component(walk, number);
	else if (walk->depth) {
		uint32_t parent = walk->path[walk->depth - 1].number;

		walk->low[parent] = MIN(walk->low[parent], low);
	}
}

static void look_at(struct walk *walk, uint32_t number, node_t target)
{
	if (!bitset_has(walk->visited, target)) {
		enter(walk, target, number);
	} else if (walk->low) {
		uint32_t other = walk->order[target];

		if (!bitset_has(walk->closed, other))
			walk->low[number] = MIN(walk->low[number], other);
	}
}

static void run(struct walk *walk)
{
	enter(walk, walk->graph->root, 0);
	while (walk->depth) {
		struct step *step = &walk->path[walk->depth - 1];
		node_t node = walk->result.vertex[step->number];
		const node_t *end = graph_references(walk->graph, node).end;

		while (step->left && !skeleton_has(walk->skeleton, end[-(ptrdiff_t)step->left]))
			step->left--;
		if (!step->left) {
			leave(walk);
			continue;
		}
		node_t target = end[-(ptrdiff_t)step->left--];
		look_at(walk, step->number, target);
	}
}

static struct error *allocate(struct walk *walk, bool components)
{
	uint32_t count = walk->skeleton->count;

	TRY(big_table_alloc(BITSET_WORDS(walk->graph->inner), 8, &walk->visited));
	TRY(big_table_alloc(count, sizeof(struct step), &walk->path));
	TRY(big_table_alloc(count, sizeof(node_t), &walk->result.vertex));
	TRY(big_table_alloc(count, sizeof(uint32_t), &walk->result.parent));
	if (!components)
		return NULL;
	TRY(big_table_alloc(BITSET_WORDS(count), 8, &walk->closed));
	TRY(big_table_alloc(count, sizeof(uint32_t), &walk->open));
	return big_table_alloc(count, sizeof(uint32_t), &walk->low);
}

struct error *depth_first_walk(const struct graph *graph, const struct skeleton *skeleton,
	bool components, uint32_t *order, struct depth_first *ret)
{
	struct walk walk = {.graph = graph, .skeleton = skeleton, .order = order};

	TRY(allocate(&walk, components));
	run(&walk);
	walk.result.component = walk.low;
	big_table_free(walk.path, skeleton->count * sizeof(struct step));
	big_table_free(walk.open, skeleton->count * sizeof(uint32_t));
	big_table_free(walk.visited, BITSET_WORDS(graph->inner) * 8);
	big_table_free(walk.closed, BITSET_WORDS(skeleton->count) * 8);
	*ret = walk.result;
	return NULL;
}

void depth_first_drop_vertex(struct depth_first *walk)
{
	big_table_free(walk->vertex, walk->count * sizeof(*walk->vertex));
	walk->vertex = NULL;
}

struct error *depth_first_restore_vertex(
	struct depth_first *walk, const struct skeleton *skeleton, const uint32_t *order)
{
	TRY(big_table_alloc(walk->count, sizeof(node_t), &walk->vertex));
	for (size_t word = 0; word < BITSET_WORDS(skeleton->inner); word++) {
		for (uint64_t bits = skeleton->kept[word]; bits; bits &= bits - 1) {
			node_t node = (node_t)(word * 64) + (node_t)__builtin_ctzll(bits);

			walk->vertex[order[node]] = node;
		}
	}
	return NULL;
}

void depth_first_drop_components(struct depth_first *walk)
{
	big_table_free(walk->component, walk->count * sizeof(*walk->component));
	walk->component = NULL;
}

void depth_first_deinit(struct depth_first *walk)
{
	depth_first_drop_vertex(walk);
	depth_first_drop_components(walk);
	big_table_free(walk->parent, walk->count * sizeof(*walk->parent));
	*walk = (struct depth_first){0};
}
