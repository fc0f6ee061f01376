#include "depth_first.h"

#include "table.h"
#include "vec.h"

/* A node on the path from the root, and its next reference to look at. */
struct step {
	uint32_t number; /* preorder */
	uint32_t next;   /* place in targets */
};

struct walk {
	const struct graph *graph;
	const struct skeleton *skeleton;
	uint32_t *order;
	uint64_t *visited;   /* bits by node */
	struct depth_first result;
	VEC(struct step) path;
	/* Tarjan: the lowest number reachable, and the nodes whose component is not complete. A
	 * component number takes the place of the lowest number when it is. */
	uint32_t *low;
	VEC(uint32_t) open;
	uint64_t *closed; /* bits by preorder number */
};

static void enter(struct walk *walk, node_t node, uint32_t parent)
{
	uint32_t number = walk->result.count++;

	bitset_add(walk->visited, node);
	walk->order[node] = number;
	walk->result.vertex[number] = node;
	walk->result.parent[number] = parent;
	vec_push(&walk->path, {.number = number, .next = walk->graph->row[node]});
	if (walk->low) {
		walk->low[number] = number;
		vec_push(&walk->open, number);
	}
}

/* All open nodes from `number` on are one component. */
static void close_component(struct walk *walk, uint32_t number)
{
	uint32_t component = walk->result.component_count++, member;

	do {
		member = vec_pop(&walk->open);
		bitset_add(walk->closed, member);
		walk->low[member] = component;
	} while (member != number);
}

static void leave(struct walk *walk)
{
	uint32_t number = vec_pop(&walk->path).number;

	if (!walk->low)
		return;
	uint32_t low = walk->low[number];

	if (low == number)
		close_component(walk, number);
	else if (walk->path.count) {
		uint32_t parent = vec_last(&walk->path)->number;

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
	const struct graph *graph = walk->graph;

	enter(walk, graph->root, 0);
	while (walk->path.count) {
		struct step *step = vec_last(&walk->path);
		node_t node = walk->result.vertex[step->number];
		uint32_t end = graph->row[node + 1];

		while (step->next < end && !skeleton_has(walk->skeleton, graph->targets[step->next]))
			step->next++;
		if (step->next == end) {
			leave(walk);
			continue;
		}
		node_t target = graph->targets[step->next++];
		look_at(walk, step->number, target);
	}
}

static struct error *allocate(struct walk *walk, bool components)
{
	uint32_t count = walk->skeleton->count;

	TRY(table_alloc(BITSET_WORDS(walk->graph->inner), 8, &walk->visited));
	TRY(table_alloc(count, sizeof(node_t), &walk->result.vertex));
	TRY(table_alloc(count, sizeof(uint32_t), &walk->result.parent));
	if (!components)
		return NULL;
	TRY(table_alloc(BITSET_WORDS(count), 8, &walk->closed));
	return table_alloc(count, sizeof(uint32_t), &walk->low);
}

struct error *depth_first_walk(const struct graph *graph, const struct skeleton *skeleton,
	bool components, uint32_t *order, struct depth_first *ret)
{
	struct walk walk = {.graph = graph, .skeleton = skeleton, .order = order};

	TRY(allocate(&walk, components));
	run(&walk);
	walk.result.component = walk.low;
	vec_deinit(&walk.path);
	vec_deinit(&walk.open);
	table_free(walk.visited, BITSET_WORDS(graph->inner) * 8);
	table_free(walk.closed, BITSET_WORDS(skeleton->count) * 8);
	*ret = walk.result;
	return NULL;
}

void depth_first_deinit(struct depth_first *walk)
{
	table_free(walk->vertex, walk->count * sizeof(*walk->vertex));
	table_free(walk->parent, walk->count * sizeof(*walk->parent));
	table_free(walk->component, walk->count * sizeof(*walk->component));
	*walk = (struct depth_first){0};
}
