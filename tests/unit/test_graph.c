/* Rows, byte counts, holder sets, depth-first walks and dominators, each against the obvious way.
 */
#include "check.h"

#include "byte_counts.h"
#include "dominators.h"
#include "holder_sets.h"
#include "memory.h"
#include "random.h"
#include "reach.h"
#include "vec.h"

enum {
	GRAPHS = 300,
	MAX_NODES = 300,
	SETS = 400,
	HOLDERS = 40,
	CHAIN = 2000000,
};

static void test_rows(void **state)
{
	static const uint32_t likely[] = {0, 1, 2, 15, 16, 253, 254, 255, 256, 257, 70000};

	(void)state;
	for (uint64_t seed = 0; seed < GRAPHS; seed++) {
		struct random random = random_from(seed);
		uint32_t lengths[MAX_NODES], sum = 0;
		struct graph graph = {.inner = 1 + random_below(&random, MAX_NODES)};

		assert_success(graph_rows_create(&graph));
		for (node_t node = 0; node < graph.inner; node++) {
			lengths[node] = random_below(&random, 3)
						? random_below(&random, 9)
						: likely[random_below(&random, ARRAY_SIZE(likely))];
			if (random_below(&random, 2) || lengths[node] >= ROW_LONG)
				graph_row_set(&graph, node, lengths[node]);
			else
				graph_row_set_short(&graph, node, (uint8_t)lengths[node]);
		}
		assert_success(graph_rows_finish(&graph));
		for (node_t node = 0; node < graph.inner; node++) {
			struct references row = graph_references(&graph, node);

			assert_int_equal(row.at - graph.targets, sum);
			assert_int_equal(row.end - row.at, lengths[node]);
			assert_int_equal(graph_row_length(&graph, node), lengths[node]);
			sum += lengths[node];
		}
		assert_int_equal(graph.edges, sum);
		graph_rows_destroy(&graph);
	}
}

static void test_too_many_references(void **state)
{
	struct graph graph = {.inner = 3 * ROW_BLOCK};

	(void)state;
	assert_success(graph_rows_create(&graph));
	graph_row_set(&graph, 0, UINT32_MAX);
	graph_row_set(&graph, 1, 1);
	assert_error(graph_rows_finish(&graph), ERROR_LIMIT);
	graph_rows_destroy(&graph);
	/* In the last block, behind which nothing begins. */
	graph = (struct graph){.inner = 1};
	assert_success(graph_rows_create(&graph));
	graph_row_set(&graph, 0, UINT32_MAX);
	assert_error(graph_rows_finish(&graph), ERROR_LIMIT);
	graph_rows_destroy(&graph);
}

/* Sums below, at and above what fits in 32 bits of 8 bytes each. */
static void test_byte_counts(void **state)
{
	enum { COUNTS = 50 };
	static const uint64_t likely[] = {8, 4096, (uint64_t)1 << 34, ((uint64_t)1 << 35) - 16,
		((uint64_t)1 << 35) - 8, (uint64_t)1 << 35, (uint64_t)1 << 46};
	struct random random = random_from(13);
	struct byte_counts counts;
	uint64_t expected[COUNTS] = {0};

	(void)state;
	assert_success(byte_counts_init(&counts, COUNTS));
	for (unsigned step = 0; step < 5000; step++) {
		uint32_t node = random_below(&random, COUNTS);
		uint64_t bytes = likely[random_below(&random, node % 7 + 1)];

		byte_counts_add(&counts, node, bytes);
		expected[node] += bytes;
		assert_true(byte_counts_get(&counts, node) == expected[node]);
	}
	for (uint32_t node = 0; node < COUNTS; node++)
		assert_true(byte_counts_get(&counts, node) == expected[node]);
	byte_counts_deinit(&counts);
}

/* A set is a bit for each holder. */
static void test_holder_sets(void **state)
{
	struct random random = random_from(14);
	struct holder_sets *sets = holder_sets_create();
	set_t numbers[SETS];
	uint64_t bits[SETS];

	(void)state;
	for (unsigned i = 0; i < SETS; i++) {
		unsigned left = i ? random_below(&random, i) : 0,
			 right = i ? random_below(&random, i) : 0;
		uint32_t holder = random_below(&random, HOLDERS);

		if (i % 3 == 0) {
			numbers[i] = holder_sets_single(sets, holder);
			bits[i] = (uint64_t)1 << holder;
		} else {
			numbers[i] = holder_sets_union(sets, numbers[left], numbers[right]);
			bits[i] = bits[left] | bits[right];
		}
	}
	for (unsigned i = 0; i < SETS; i++) {
		uint32_t count;
		const uint32_t *members = holder_sets_members(sets, numbers[i], &count);
		uint64_t found = 0;

		assert_int_equal(count, __builtin_popcountll(bits[i]));
		for (uint32_t k = 0; k < count; k++) {
			assert_true(k == 0 || members[k - 1] < members[k]);
			found |= (uint64_t)1 << members[k];
		}
		assert_true(found == bits[i]);
		for (unsigned k = 0; k < SETS; k++) {
			assert_int_equal(numbers[i] == numbers[k], bits[i] == bits[k]);
			assert_int_equal(holder_sets_within(sets, numbers[i], numbers[k]),
				(bits[i] & ~bits[k]) == 0);
		}
		assert_int_equal(holder_sets_union(sets, numbers[i], SET_EMPTY), numbers[i]);
		assert_int_equal(holder_sets_union(sets, SET_MANY, numbers[i]), SET_MANY);
		assert_false(holder_sets_within(sets, SET_MANY, numbers[i]));
		assert_true(holder_sets_within(sets, SET_EMPTY, numbers[i]));
		assert_true(numbers[i] < holder_sets_count(sets));
	}
	holder_sets_destroy(sets);
}

static void test_holder_set_limits(void **state)
{
	struct holder_sets *sets = holder_sets_create();
	set_t set = SET_EMPTY, last = SET_EMPTY;
	uint32_t count;

	(void)state;
	for (uint32_t holder = 0; holder < SET_MEMBERS_MAX; holder++)
		set = holder_sets_union(sets, set, holder_sets_single(sets, holder * 3));
	assert_int_not_equal(set, SET_MANY);
	holder_sets_members(sets, set, &count);
	assert_int_equal(count, SET_MEMBERS_MAX);
	assert_int_equal(holder_sets_union(sets, set, holder_sets_single(sets, 3)), set);
	assert_int_equal(holder_sets_union(sets, set, holder_sets_single(sets, 4)), SET_MANY);
	holder_sets_members(sets, SET_MANY, &count);
	assert_int_equal(count, 0);
	for (uint32_t holder = 0; holder < SETS_MAX; holder++)
		last = holder_sets_single(sets, 1000000 + holder);
	assert_int_equal(last, SET_MANY);
	assert_int_equal(holder_sets_count(sets), SETS_MAX);
	assert_int_not_equal(holder_sets_single(sets, 6), SET_MANY); /* is known already */
	holder_sets_destroy(sets);
}

/* A graph with its rows, and the skeleton of it that the algorithms want: everything alive. */
struct sample {
	struct graph graph;
	VEC(node_t) targets;
	struct skeleton skeleton;
	node_t *owner;
	uint32_t *order;
	struct depth_first walk;
	struct dominators dominators;
};

static void analyse(struct sample *sample)
{
	struct graph *graph = &sample->graph;
	_cleanup_free_ uint8_t *inner_children = memory_alloc(graph->inner);

	graph->targets = sample->targets.items;
	assert_success(graph_rows_finish(graph));
	sample->owner = memory_array(graph->count, sizeof(node_t));
	sample->order = memory_array(graph->inner, sizeof(uint32_t));
	assert_success(reach_mark(graph, sample->owner, inner_children));
	assert_success(skeleton_build(
		graph, sample->owner, inner_children, 0, graph->inner, &sample->skeleton));
	assert_success(
		depth_first_walk(graph, &sample->skeleton, true, sample->order, &sample->walk));
	depth_first_drop_components(&sample->walk);
	assert_success(dominators_find(
		graph, &sample->skeleton, &sample->walk, sample->order, &sample->dominators));
	assert_success(dominators_add_jumps(&sample->dominators));
	assert_success(depth_first_restore_vertex(&sample->walk, &sample->skeleton, sample->order));
}

static void sample_deinit(struct sample *sample)
{
	dominators_deinit(&sample->dominators);
	depth_first_deinit(&sample->walk);
	skeleton_deinit(&sample->skeleton);
	graph_rows_destroy(&sample->graph);
	vec_deinit(&sample->targets);
	free(sample->owner);
	free(sample->order);
}

static void make_sample(struct sample *sample, uint64_t seed)
{
	struct random random = random_from(seed);
	node_t count = 2 + random_below(&random, MAX_NODES - 2);
	uint32_t density = 1 + random_below(&random, 4);

	*sample = (struct sample){.graph = {.inner = count, .count = count}};
	assert_success(graph_rows_create(&sample->graph));
	for (node_t node = 0; node < count; node++) {
		uint32_t edges = random_below(&random, density + 1);

		if (node + 1 < count && random_below(&random, 8))
			vec_push(&sample->targets, node + 1); /* long ways */
		else
			edges++;
		for (uint32_t i = 0; i < edges; i++)
			vec_push(&sample->targets, random_below(&random, count));
		graph_row_set(&sample->graph, node,
			(uint32_t)(sample->targets.count - sample->graph.edges));
		sample->graph.edges = (uint32_t)sample->targets.count;
	}
	analyse(sample);
}

/* What is reached from a node without one other node. */
static void mark(const struct graph *graph, node_t from, node_t without, bool *reached)
{
	node_t stack[MAX_NODES], top = 0;

	memset(reached, 0, MAX_NODES);
	if (from == without)
		return;
	reached[from] = true;
	stack[top++] = from;
	while (top) {
		struct references row = graph_references(graph, stack[--top]);

		for (; row.at < row.end; row.at++) {
			if (*row.at == without || reached[*row.at])
				continue;
			reached[*row.at] = true;
			stack[top++] = *row.at;
		}
	}
}

/* The nearest dominator that two nodes share: of all that dominate both, the one that the others
 * dominate. A node dominates itself. */
static void check_common(const struct sample *sample, bool dominates[MAX_NODES][MAX_NODES],
	uint32_t left, uint32_t right)
{
	const node_t *vertex = sample->walk.vertex;
	node_t common = vertex[dominators_common(&sample->dominators, left, right)];

	assert_true(dominates[common][vertex[left]] && dominates[common][vertex[right]]);
	for (node_t other = 0; other < sample->graph.count; other++) {
		if (dominates[other][vertex[left]] && dominates[other][vertex[right]])
			assert_true(dominates[other][common]);
	}
}

static void test_dominators(void **state)
{
	static bool dominates[MAX_NODES][MAX_NODES];

	(void)state;
	for (uint64_t seed = 0; seed < GRAPHS; seed++) {
		struct random random = random_from(seed);
		struct sample sample;
		bool alive[MAX_NODES], reached[MAX_NODES];

		make_sample(&sample, seed);
		mark(&sample.graph, sample.graph.root, NO_NODE, alive);
		for (node_t node = 0; node < sample.graph.count; node++) {
			assert_int_equal(skeleton_has(&sample.skeleton, node), alive[node]);
			mark(&sample.graph, sample.graph.root, node, reached);
			for (node_t other = 0; other < sample.graph.count; other++)
				dominates[node][other] =
					alive[node] && alive[other] && !reached[other];
		}
		for (unsigned i = 0; i < 500; i++)
			check_common(&sample, dominates,
				random_below(&random, sample.dominators.count),
				random_below(&random, sample.dominators.count));
		sample_deinit(&sample);
	}
}

/* Components: two nodes are in one when each reaches the other, and edges go to lower numbers. */
static void test_components(void **state)
{
	static bool reaches[MAX_NODES][MAX_NODES];

	(void)state;
	for (uint64_t seed = 0; seed < GRAPHS; seed++) {
		struct sample sample;
		struct depth_first walk;

		make_sample(&sample, seed);
		assert_success(depth_first_walk(
			&sample.graph, &sample.skeleton, true, sample.order, &walk));
		for (node_t node = 0; node < sample.graph.count; node++)
			mark(&sample.graph, node, NO_NODE, reaches[node]);
		for (uint32_t i = 0; i < walk.count; i++) {
			node_t a = walk.vertex[i];
			struct references row = graph_references(&sample.graph, a);

			assert_int_equal(sample.order[a], i);
			assert_true(walk.component[i] < walk.component_count);
			for (uint32_t k = 0; k < walk.count; k++) {
				node_t b = walk.vertex[k];

				assert_int_equal(walk.component[i] == walk.component[k],
					reaches[a][b] && reaches[b][a]);
			}
			for (; row.at < row.end; row.at++)
				assert_true(
					walk.component[sample.order[*row.at]] <= walk.component[i]);
		}
		depth_first_deinit(&walk);
		sample_deinit(&sample);
	}
}

/* A list of two million nodes that all lead back to the first: nothing may use the machine's stack
 * for it, and jumps must be short. */
static void test_long_chain(void **state)
{
	struct sample sample = {.graph = {.inner = CHAIN, .count = CHAIN}};

	(void)state;
	assert_success(graph_rows_create(&sample.graph));
	for (node_t node = 0; node < CHAIN; node++) {
		vec_push(&sample.targets, node + 1 < CHAIN ? node + 1 : 0);
		vec_push(&sample.targets, 0);
		graph_row_set(&sample.graph, node, 2);
	}
	analyse(&sample);
	assert_int_equal(sample.dominators.count, CHAIN);
	for (uint32_t i = 1; i < CHAIN; i++) {
		assert_int_equal(sample.dominators.idom[i], i - 1);
		assert_int_equal(sample.dominators.depth[i], i);
	}
	for (uint32_t i = 1; i < CHAIN; i += 99991)
		assert_int_equal(dominators_common(&sample.dominators, i, CHAIN - 1), i);
	sample_deinit(&sample);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_too_many_references),
		cmocka_unit_test(test_byte_counts),
		cmocka_unit_test(test_holder_sets),
		cmocka_unit_test(test_holder_set_limits),
		cmocka_unit_test(test_dominators),
		cmocka_unit_test(test_components),
		cmocka_unit_test(test_long_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
