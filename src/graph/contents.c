#include "contents.h"

#include "big_table.h"
#include "parallel.h"

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

struct sums {
	struct addrmap by_key; /* -> place in list */
	VEC(struct sum) list;
};

/* One holding on the way down. */
struct descent {
	struct holding *holding; /* NULL: it has ended */
	uint32_t key;            /* of the nodes of the step before */
	uint64_t bytes;          /* they retain */
	struct sums *by_worker;
};

struct walk {
	const struct analysis *analysis;
	/* By inner node: the holding (plus 1) that it is in, and the level it was found on. Atomic:
	 * another worker may be entering the node, on the next level. */
	uint8_t *place;
	unsigned level;
	unsigned width; /* workers, each with its part of the nodes */
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

/* A new one has the step of the first node of that kind, and no nodes. */
static struct sum *sum_of(struct sums *sums, uint32_t key, const struct holding_step *first)
{
	uint32_t place;

	if (!addrmap_get(&sums->by_key, key, &place)) {
		place = (uint32_t)sums->list.count;
		addrmap_set(&sums->by_key, key, place);
		vec_push(&sums->list, {key, {first->type, first->example, first->parent, 0, 0}});
	}
	return &sums->list.items[place];
}

static void add_to_sum(
	const struct walk *walk, struct sums *sums, node_t node, node_t parent, uint32_t key)
{
	const struct holding_step first = {
		.type = analysis_type(walk->analysis, node), .example = node, .parent = parent};
	struct holding_step *step = &sum_of(sums, key, &first)->step;

	step->count++;
	step->bytes += retention_retained(walk->analysis->retention, node);
}

/* The descent that continues through a node, whose dominator is `parent`; NULL: none. */
static struct descent *descent_through(struct walk *walk, node_t parent)
{
	uint8_t place = parent < analysis_graph(walk->analysis)->inner
				? __atomic_load_n(&walk->place[parent], __ATOMIC_RELAXED)
				: 0;

	if (!place || place >> LEVEL_BITS != walk->level)
		return NULL;
	struct descent *descent = &walk->descents[(place & ((1 << LEVEL_BITS) - 1)) - 1];
	return descent->holding && key_of(walk, parent) == descent->key ? descent : NULL;
}

/* The first level: holders that hold something alone are nodes themselves; what several hold
 * together begins with the nodes that no one dominates. */
static struct descent *descent_from_root(struct walk *walk, node_t node)
{
	uint8_t place = walk->descent_of[retention_set(walk->analysis->retention, node)];

	return place ? &walk->descents[place - 1] : NULL;
}

static void enter(
	struct walk *walk, struct descent *descent, unsigned worker, node_t node, node_t parent)
{
	uint8_t place = (uint8_t)((walk->level + 1) << LEVEL_BITS |
				  (unsigned)(descent - walk->descents + 1));

	add_to_sum(walk, &descent->by_worker[worker], node, parent, key_of(walk, node));
	if (node < analysis_graph(walk->analysis)->inner)
		__atomic_store_n(&walk->place[node], place, __ATOMIC_RELAXED);
}

static struct error *walk_part(void *context, unsigned worker)
{
	struct walk *walk = context;
	const node_t *idom = walk->analysis->retention->idom;
	const struct graph *graph = analysis_graph(walk->analysis);
	node_t first = (node_t)((uint64_t)graph->count * worker / walk->width);
	node_t end = (node_t)((uint64_t)graph->count * (worker + 1) / walk->width);

	for (node_t node = first; node < end; node++) {
		node_t parent = idom[node];
		struct descent *descent = NULL;

		if (parent == NO_NODE || node == graph->root)
			continue;
		if (walk->level)
			descent = descent_through(walk, parent);
		else if (parent == graph->root)
			descent = descent_from_root(walk, node);
		if (descent)
			enter(walk, descent, worker, node, parent);
	}
	return NULL;
}

static void sums_deinit(struct sums *sums)
{
	addrmap_deinit(&sums->by_key);
	vec_deinit(&sums->list);
}

/* The sums of all workers; those of the first have the first nodes. */
static struct sums *merge(const struct walk *walk, struct descent *descent)
{
	struct sums *all = &descent->by_worker[0];

	for (unsigned i = 1; i < walk->width; i++) {
		vec_foreach (sum, &descent->by_worker[i].list) {
			struct holding_step *step = &sum_of(all, sum->key, &sum->step)->step;

			step->count += sum->step.count;
			step->bytes += sum->step.bytes;
		}
		sums_deinit(&descent->by_worker[i]);
	}
	return all;
}

/* Goes on with the type that retains most, if that is enough of what the step before retains. */
static void choose(struct walk *walk, struct descent *descent)
{
	struct sums *sums = merge(walk, descent);
	const struct sum *best = NULL;

	vec_foreach (sum, &sums->list) {
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
	sums_deinit(sums);
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

static void begin(struct walk *walk, struct holdings *holdings)
{
	walk->width = parallel_width();
	walk->descent_of = memory_array(walk->analysis->retention->set_count, 1);
	for (size_t i = 0; i < MIN(holdings->list.count, (size_t)HOLDING_CONTENTS_MAX); i++) {
		struct holding *holding = &holdings->list.items[i];

		walk->descents[i] = (struct descent){
			.holding = holding,
			.bytes = holding->bytes,
			.by_worker = memory_array(walk->width, sizeof(struct sums)),
		};
		walk->descent_of[holding->set] = (uint8_t)(i + 1);
	}
}

static void end(struct walk *walk)
{
	for (unsigned i = 0; i < HOLDING_CONTENTS_MAX; i++) {
		struct descent *descent = &walk->descents[i];

		for (unsigned k = 0; descent->by_worker && k < walk->width; k++)
			sums_deinit(&descent->by_worker[k]);
		free(descent->by_worker);
	}
	big_table_free(walk->place, analysis_graph(walk->analysis)->inner);
	free(walk->descent_of);
}

struct error *contents_find(const struct analysis *analysis, struct holdings *holdings)
{
	struct walk walk = {.analysis = analysis};

	TRY(big_table_alloc(analysis_graph(analysis)->inner, 1, &walk.place));
	begin(&walk, holdings);
	struct error *error = parallel_run(walk.width, walk_part, &walk);
	while (!error && choose_all(&walk)) {
		walk.level++;
		error = parallel_run(walk.width, walk_part, &walk);
	}
	end(&walk);
	return error;
}
