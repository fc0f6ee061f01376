#include "retention.h"

#include "depth_first.h"
#include "dominators.h"
#include "parallel.h"
#include "reach.h"
#include "shared_leaves.h"
#include "big_table.h"
#include "vec.h"

struct computation {
	const struct retention_input *input;
	struct retention *result;
	struct depth_first walk;
	struct dominators dominators;
	set_t *set_by_order; /* by preorder number; NULL: no holders */
};

static struct error *build_skeleton(struct computation *computation)
{
	const struct graph *graph = computation->result->graph;
	uint8_t *inner_children = NULL;

	TRY(big_table_alloc(graph->count, sizeof(node_t), &computation->result->idom));
	TRY(big_table_alloc(graph->inner, 1, &inner_children));
	struct error *error = reach_mark(graph, computation->result->idom, inner_children);
	if (!error)
		error = skeleton_build(graph, computation->result->idom, inner_children,
			computation->input->first_holder, computation->input->holder_nodes,
			&computation->result->skeleton);
	big_table_free(inner_children, graph->inner);
	return error;
}

/* Nodes of the skeleton, grouped by component, sources first. */
static struct error *sort_by_component(const struct depth_first *walk, uint32_t **ret)
{
	uint32_t *start = NULL, *sorted = NULL;

	TRY(big_table_alloc(walk->component_count + 1, sizeof(uint32_t), &start));
	struct error *error = big_table_alloc(walk->count, sizeof(uint32_t), &sorted);
	for (uint32_t i = 0; !error && i < walk->count; i++)
		start[walk->component_count - 1 - walk->component[i] + 1]++;
	for (uint32_t i = 0; !error && i < walk->component_count; i++)
		start[i + 1] += start[i];
	for (uint32_t i = 0; !error && i < walk->count; i++)
		sorted[start[walk->component_count - 1 - walk->component[i]]++] = i;
	big_table_free(start, (walk->component_count + 1) * sizeof(uint32_t));
	*ret = sorted;
	return error;
}

/* The sets of the components, while they are found. */
struct set_walk {
	struct computation *computation;
	set_t *set; /* by component */
};

static void seed_sets(const struct set_walk *sets)
{
	const struct computation *computation = sets->computation;
	const struct retention_input *input = computation->input;
	const node_t *order = computation->result->idom;

	for (uint32_t i = 0; i < input->holder_nodes; i++) {
		node_t node = input->first_holder + i;

		if (input->holders[i] == NO_HOLDER ||
			!skeleton_has(&computation->result->skeleton, node))
			continue;
		sets->set[computation->walk.component[order[node]]] =
			holder_sets_single(computation->result->sets, input->holders[i]);
	}
}

/* A set flows along every edge between components, in topological order: each is looked at once. */
static struct error *spread_sets(const struct set_walk *sets)
{
	struct retention *result = sets->computation->result;
	const struct depth_first *walk = &sets->computation->walk;
	const node_t *order = result->idom;
	set_t *set = sets->set;
	uint32_t *sorted;

	TRY(sort_by_component(walk, &sorted));
	for (uint32_t i = 0; i < walk->count; i++) {
		uint32_t from = walk->component[sorted[i]];
		struct references row = graph_references(result->graph, walk->vertex[sorted[i]]);

		for (; row.at < row.end; row.at++) {
			if (!skeleton_has(&result->skeleton, *row.at))
				continue;
			uint32_t to = walk->component[order[*row.at]];
			if (to != from && set[to] != set[from])
				set[to] = holder_sets_union(result->sets, set[to], set[from]);
		}
	}
	big_table_free(sorted, walk->count * sizeof(uint32_t));
	return NULL;
}

static struct error *compute_sets(struct computation *computation)
{
	struct depth_first *walk = &computation->walk;
	struct set_walk sets = {.computation = computation};

	if (!computation->input->holders)
		return NULL;
	computation->result->sets = holder_sets_create();
	TRY(big_table_alloc(walk->component_count, sizeof(set_t), &sets.set));
	seed_sets(&sets);
	struct error *error = spread_sets(&sets);
	if (!error)
		error = big_table_alloc(walk->count, sizeof(set_t), &computation->set_by_order);
	for (uint32_t i = 0; !error && i < walk->count; i++)
		computation->set_by_order[i] = sets.set[walk->component[i]];
	big_table_free(sets.set, walk->component_count * sizeof(set_t));
	depth_first_drop_components(walk);
	return error;
}

static struct error *find_shared_leaves(struct computation *computation)
{
	const struct leaf_context context = {
		.graph = computation->result->graph,
		.skeleton = &computation->result->skeleton,
		.owner = computation->result->idom,
		.dominators = &computation->dominators,
		.vertex = computation->walk.vertex,
		.set_by_order = computation->set_by_order,
		.sets = computation->result->sets,
	};

	TRY(dominators_add_jumps(&computation->dominators));
	struct error *error = shared_leaves_find(&context, &computation->result->leaves);
	dominators_drop_jumps(&computation->dominators);
	return error;
}

/* From here on idom holds dominators, no longer preorder numbers. */
static void finish_dominators(struct computation *computation)
{
	struct retention *result = computation->result;
	const struct depth_first *walk = &computation->walk;

	for (uint32_t i = 0; i < walk->count; i++)
		result->idom[walk->vertex[i]] = walk->vertex[computation->dominators.idom[i]];
}

static struct error *finish_sets(struct computation *computation)
{
	struct retention *result = computation->result;
	const struct depth_first *walk = &computation->walk;

	if (!computation->set_by_order)
		return NULL;
	TRY(big_table_alloc(walk->count, sizeof(set_t), &result->set_by_rank));
	for (uint32_t i = 0; i < walk->count; i++)
		result->set_by_rank[skeleton_rank(&result->skeleton, walk->vertex[i])] =
			computation->set_by_order[i];
	return NULL;
}

static bool is_virtual(const struct retention_input *input, node_t node)
{
	return node - input->first_virtual < input->virtual_nodes;
}

/* The work of one worker on the fringes: sums of its own, so that nothing is shared. */
struct fringe_worker {
	struct set_sum *sums;
	uint64_t bytes, nodes;
	VEC(node_t) list;
};

struct fringe_work {
	struct computation *computation;
	unsigned width;
	struct fringe_worker *workers;
};

/* Walks what hangs on one node of the skeleton, and adds it up from the outside in. What is
 * retained also has the shared leaves (they are in `retained` already); the sums of the set do not.
 */
static struct set_sum sum_fringe(
	struct computation *computation, struct fringe_worker *worker, node_t anchor)
{
	struct retention *result = computation->result;
	const struct graph *graph = result->graph;
	struct set_sum own = {0};

	worker->list.count = 0;
	vec_push(&worker->list, anchor);
	for (size_t i = 0; i < worker->list.count; i++) {
		node_t node = worker->list.items[i];
		uint64_t bytes = graph_weight(graph, node);

		own.objects += !is_virtual(computation->input, node);
		for (struct references row = graph_references(graph, node); row.at < row.end;
			row.at++) {
			node_t target = *row.at;

			if (target < graph->inner) {
				if (!skeleton_has(&result->skeleton, target))
					vec_push(&worker->list, target);
			} else if (!shared_leaves_has(&result->leaves, target)) {
				bytes += graph_weight(graph, target);
				own.objects++;
			}
		}
		own.bytes += bytes;
		byte_counts_add(&result->retained, node, bytes);
	}
	for (size_t i = worker->list.count; --i > 0;) {
		node_t node = worker->list.items[i];

		byte_counts_add(&result->retained, result->idom[node],
			byte_counts_get(&result->retained, node));
	}
	return own;
}

static struct error *fringe_run(void *context, unsigned number)
{
	struct fringe_work *work = context;
	struct fringe_worker *worker = &work->workers[number];
	struct retention *result = work->computation->result;
	uint32_t count = work->computation->walk.count;
	uint32_t begin = (uint32_t)((uint64_t)count * number / work->width);
	uint32_t end = (uint32_t)((uint64_t)count * (number + 1) / work->width);

	worker->sums = memory_array(result->set_count, sizeof(*worker->sums));
	for (uint32_t i = begin; i < end; i++) {
		node_t anchor = work->computation->walk.vertex[i];
		struct set_sum own = sum_fringe(work->computation, worker, anchor);

		worker->bytes += own.bytes;
		worker->nodes += own.objects;
		if (!work->computation->set_by_order)
			continue;
		set_t set = work->computation->set_by_order[i];
		worker->sums[set].bytes += own.bytes;
		worker->sums[set].objects += own.objects;
	}
	return NULL;
}

static void add_shared_leaves(struct computation *computation)
{
	struct retention *result = computation->result;
	const struct graph *graph = result->graph;
	const struct shared_leaves *leaves = &result->leaves;

	for (node_t leaf = graph->inner; leaf < graph->count; leaf++) {
		if (result->idom[leaf] != OWNER_MANY)
			continue;
		uint32_t rank = shared_leaves_rank(leaves, leaf);
		uint64_t bytes = graph_weight(graph, leaf);

		result->idom[leaf] = leaves->common[rank];
		result->live_bytes += bytes;
		result->live_nodes++;
		byte_counts_add(&result->retained, leaves->common[rank], bytes);
		result->sums[leaves->set[rank]].bytes += bytes;
		result->sums[leaves->set[rank]].objects++;
	}
}

static struct error *sum_fringes(struct computation *computation)
{
	struct retention *result = computation->result;
	struct fringe_work work = {.computation = computation, .width = parallel_width()};

	work.workers = memory_array(work.width, sizeof(*work.workers));
	struct error *error = parallel_run(work.width, fringe_run, &work);
	for (unsigned i = 0; i < work.width; i++) {
		struct fringe_worker *worker = &work.workers[i];

		result->live_bytes += worker->bytes;
		result->live_nodes += worker->nodes;
		for (uint32_t set = 0; worker->sums && set < result->set_count; set++) {
			result->sums[set].bytes += worker->sums[set].bytes;
			result->sums[set].objects += worker->sums[set].objects;
		}
		free(worker->sums);
		vec_deinit(&worker->list);
	}
	free(work.workers);
	return error;
}

static void sum_skeleton(struct computation *computation)
{
	const struct depth_first *walk = &computation->walk;
	struct byte_counts *retained = &computation->result->retained;

	for (uint32_t i = walk->count; --i > 0;)
		byte_counts_add(retained, walk->vertex[computation->dominators.idom[i]],
			byte_counts_get(retained, walk->vertex[i]));
}

static struct error *sum_all(struct computation *computation)
{
	struct retention *result = computation->result;

	TRY(byte_counts_init(&result->retained, result->graph->inner));
	result->set_count = result->sets ? holder_sets_count(result->sets) : 1;
	result->sums = memory_array(result->set_count, sizeof(*result->sums));
	add_shared_leaves(computation);
	TRY(sum_fringes(computation));
	sum_skeleton(computation);
	return NULL;
}

static struct error *compute(struct computation *computation)
{
	struct retention *result = computation->result;

	TRY(build_skeleton(computation));
	TRY(depth_first_walk(result->graph, &result->skeleton, computation->input->holders != NULL,
		result->idom, &computation->walk));
	TRY(compute_sets(computation));
	TRY(dominators_find(result->graph, &result->skeleton, &computation->walk, result->idom,
		&computation->dominators));
	TRY(depth_first_restore_vertex(&computation->walk, &result->skeleton, result->idom));
	TRY(find_shared_leaves(computation));
	finish_dominators(computation);
	TRY(sum_all(computation));
	dominators_deinit(&computation->dominators);
	return finish_sets(computation);
}

struct error *retention_compute(const struct retention_input *input, struct retention **ret)
{
	struct computation computation = {
		.input = input,
		.result = memory_alloc(sizeof(struct retention)),
	};

	computation.result->graph = input->graph;
	struct error *error = compute(&computation);
	big_table_free(computation.set_by_order, computation.walk.count * sizeof(set_t));
	dominators_deinit(&computation.dominators);
	depth_first_deinit(&computation.walk);
	if (error) {
		retention_destroy(computation.result);
		return error;
	}
	*ret = computation.result;
	return NULL;
}

void retention_destroy(struct retention *retention)
{
	if (!retention)
		return;
	big_table_free(retention->set_by_rank, retention->skeleton.count * sizeof(set_t));
	skeleton_deinit(&retention->skeleton);
	big_table_free(retention->idom, retention->graph->count * sizeof(node_t));
	byte_counts_deinit(&retention->retained);
	shared_leaves_deinit(&retention->leaves);
	holder_sets_destroy(retention->sets);
	free(retention->sums);
	free(retention);
}

uint64_t retention_retained(const struct retention *retention, node_t node)
{
	if (!retention_alive(retention, node))
		return 0;
	return node < retention->graph->inner ? byte_counts_get(&retention->retained, node)
					      : graph_weight(retention->graph, node);
}

set_t retention_set(const struct retention *retention, node_t node)
{
	const struct shared_leaves *leaves = &retention->leaves;

	if (shared_leaves_has(leaves, node))
		return leaves->set[shared_leaves_rank(leaves, node)];
	node_t anchor = skeleton_anchor(&retention->skeleton, retention->idom, node);

	return retention->set_by_rank[skeleton_rank(&retention->skeleton, anchor)];
}
