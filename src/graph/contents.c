#include "contents.h"

#include "big_table.h"

enum {
	LEVEL_BITS = 4,
	DOMINANT_PERCENT = 40, /* a type that retains less of its holding ends the descent */
	FRAME_KEY = 1 << 16,   /* frames are told apart by their number, not by a type */
};

/* The sum over the nodes of one type below the nodes of the step before. */
struct sum {
	uint32_t key;
	struct holding_step step;
};

/* One holding on the way down. */
struct descent {
	struct holding *holding; /* NULL: it has ended */
	uint32_t key;            /* of the nodes of the step before */
	uint64_t bytes;          /* they retain */
	struct addrmap by_key;
	VEC(struct sum) sums;
};

struct walk {
	const struct analysis *analysis;
	/* By inner node: the holding (plus 1) that it is in, and the level it was found on. */
	uint8_t *place;
	unsigned level;
	struct descent descents[HOLDING_CONTENTS_MAX];
	uint8_t *descent_of; /* by set: place in descents, plus 1 */
};

static uint32_t key_of(const struct walk *walk, node_t node)
{
	const struct object_graph *objects = walk->analysis->objects;

	if (!node_is_virtual(objects, node))
		return analysis_type(walk->analysis, node) + 1;
	const struct virtual_node *virtual_node = virtual_of_node(objects, node);
	return FRAME_KEY + (virtual_node->kind == VIRTUAL_FRAME ? virtual_node->frame + 1 : 0) + 1;
}

static void add_to_sum(struct walk *walk, struct descent *descent, node_t node, node_t parent)
{
	uint32_t key = key_of(walk, node), place;

	if (!addrmap_get(&descent->by_key, key, &place)) {
		place = (uint32_t)descent->sums.count;
		addrmap_set(&descent->by_key, key, place);
		vec_push(&descent->sums,
			{key, {analysis_type(walk->analysis, node), node, parent, 0, 0}});
	}
	struct holding_step *step = &descent->sums.items[place].step;
	step->count++;
	step->bytes += retention_retained(walk->analysis->retention, node);
}

/* The descent that continues through a node, whose dominator is `parent`; NULL: none. */
static struct descent *descent_through(struct walk *walk, node_t parent)
{
	uint8_t place = parent < analysis_graph(walk->analysis)->inner ? walk->place[parent] : 0;

	if (!place || place >> LEVEL_BITS != walk->level)
		return NULL;
	struct descent *descent = &walk->descents[(place & ((1 << LEVEL_BITS) - 1)) - 1];
	return descent->holding && key_of(walk, parent) == descent->key ? descent : NULL;
}

static void enter(struct walk *walk, struct descent *descent, node_t node, node_t parent)
{
	add_to_sum(walk, descent, node, parent);
	if (node < analysis_graph(walk->analysis)->inner)
		walk->place[node] = (uint8_t)((walk->level + 1) << LEVEL_BITS |
					      (unsigned)(descent - walk->descents + 1));
}

static void walk_level(struct walk *walk)
{
	const struct retention *retention = walk->analysis->retention;
	const struct graph *graph = analysis_graph(walk->analysis);

	for (node_t node = 0; node < graph->count; node++) {
		node_t parent = retention->idom[node];

		if (parent == NO_NODE || node == graph->root)
			continue;
		struct descent *descent = descent_through(walk, parent);
		if (descent)
			enter(walk, descent, node, parent);
	}
}

/* The first level: holders that hold something alone are nodes themselves; what several hold
 * together begins with the nodes that no one dominates. */
static void walk_first_level(struct walk *walk)
{
	const struct retention *retention = walk->analysis->retention;
	const struct graph *graph = analysis_graph(walk->analysis);

	for (node_t node = 0; node < graph->count; node++) {
		if (retention->idom[node] != graph->root || node == graph->root)
			continue;
		uint8_t place = walk->descent_of[retention_set(retention, node)];

		if (place)
			enter(walk, &walk->descents[place - 1], node, graph->root);
	}
}

/* Goes on with the type that retains most, if that is enough of what the step before retains. */
static void choose(struct walk *walk, struct descent *descent)
{
	const struct sum *best = NULL;

	vec_foreach (sum, &descent->sums) {
		if (!best || sum->step.bytes > best->step.bytes ||
			(sum->step.bytes == best->step.bytes && sum->key < best->key))
			best = sum;
	}
	bool enough = best && best->step.bytes * 100 >= descent->bytes * DOMINANT_PERCENT;
	if (enough) {
		descent->key = best->key;
		descent->bytes = best->step.bytes;
		vec_push(&descent->holding->steps, best->step);
	}
	if (!enough || walk->level + 1 >= HOLDING_STEPS_MAX)
		descent->holding = NULL;
	descent->sums.count = 0;
	addrmap_deinit(&descent->by_key);
}

static bool choose_all(struct walk *walk)
{
	bool any = false;

	for (unsigned i = 0; i < HOLDING_CONTENTS_MAX; i++) {
		struct descent *descent = &walk->descents[i];

		if (descent->holding)
			choose(walk, descent);
		any |= descent->holding != NULL;
	}
	return any;
}

struct error *contents_find(const struct analysis *analysis, struct holdings *holdings)
{
	const struct graph *graph = analysis_graph(analysis);
	struct walk *walk = memory_alloc(sizeof(*walk));

	walk->analysis = analysis;
	struct error *error = big_table_alloc(graph->inner, 1, &walk->place);
	if (error) {
		free(walk);
		return error;
	}
	walk->descent_of = memory_array(analysis->retention->set_count, 1);
	for (size_t i = 0; i < MIN(holdings->list.count, (size_t)HOLDING_CONTENTS_MAX); i++) {
		struct holding *holding = &holdings->list.items[i];

		walk->descents[i].holding = holding;
		walk->descents[i].bytes = holding->bytes;
		walk->descent_of[holding->set] = (uint8_t)(i + 1);
	}
	walk_first_level(walk);
	while (choose_all(walk)) {
		walk->level++;
		walk_level(walk);
	}
	for (unsigned i = 0; i < HOLDING_CONTENTS_MAX; i++) {
		vec_deinit(&walk->descents[i].sums);
		addrmap_deinit(&walk->descents[i].by_key);
	}
	big_table_free(walk->place, graph->inner);
	free(walk->descent_of);
	free(walk);
	return NULL;
}
