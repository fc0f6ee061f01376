/* Dominators, retained bytes and holder sets against the obvious way: take the node away, mark
 * again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "bitset.h"
#include "memory.h"
#include "random.h"
#include "reach.h"
#include "retention.h"
#include "vec.h"

enum { MAX_NODES = 120, HOLDERS = 6, GRAPHS = 4000 };

struct sample {
	struct graph graph;
	uint32_t row[MAX_NODES + 1]; /* for the reference: where each begins in targets */
	VEC(node_t) targets;
	uint64_t weights[MAX_NODES];
	uint32_t holders[HOLDERS];
	node_t first_virtual;
};

static uint64_t sample_weight(const void *context, node_t node)
{
	return ((const struct sample *)context)->weights[node];
}

/* Objects, then holders and the root, then leaves. Shapes differ from seed to seed: chains, trees,
 * dense tangles, and edges back to where one came from. */
static void make_sample(struct sample *sample, uint64_t seed)
{
	struct random random = random_from(seed);
	uint32_t objects = 1 + random_below(&random, 60), leaves = random_below(&random, 40);
	uint32_t density = 1 + random_below(&random, 4), shape = random_below(&random, 4);

	memset(sample, 0, sizeof(*sample));
	sample->first_virtual = objects;
	sample->graph = (struct graph){
		.inner = objects + HOLDERS + 1,
		.count = objects + HOLDERS + 1 + leaves,
		.root = objects + HOLDERS,
		.weight = sample_weight,
		.context = sample,
	};
	for (node_t node = 0; node < sample->graph.inner; node++) {
		uint32_t edges = random_below(&random, density + 1);

		sample->row[node] = (uint32_t)sample->targets.count;
		if (node == sample->graph.root) {
			for (uint32_t i = 0; i < HOLDERS; i++)
				vec_push(&sample->targets, objects + i);
			continue;
		}
		if (shape == 1 && node + 1 < objects)
			vec_push(&sample->targets, node + 1);
		if (shape == 2 && node && node < objects)
			vec_push(&sample->targets, random_below(&random, node));
		for (uint32_t i = 0; i < edges; i++) {
			uint32_t target = random_below(&random, objects + leaves);

			if (target >= objects)
				target += HOLDERS + 1;
			vec_push(&sample->targets, target);
			if (shape == 3 && random_below(&random, 3) == 0)
				vec_push(&sample->targets, target);
		}
	}
	sample->row[sample->graph.inner] = (uint32_t)sample->targets.count;
	sample->graph.targets = sample->targets.items;
	assert_null(graph_rows_create(&sample->graph));
	for (node_t node = 0; node < sample->graph.inner; node++)
		graph_row_set(&sample->graph, node, sample->row[node + 1] - sample->row[node]);
	assert_null(graph_rows_finish(&sample->graph));
	for (node_t node = 0; node < sample->graph.count; node++) {
		bool is_virtual = node - objects <= HOLDERS;

		sample->weights[node] = is_virtual ? 0 : 8 + 8 * random_below(&random, 20);
	}
	for (uint32_t i = 0; i < HOLDERS; i++)
		sample->holders[i] = random_below(&random, 5) ? i : i / 2; /* some share one */
}

static void sample_deinit(struct sample *sample)
{
	graph_rows_destroy(&sample->graph);
	vec_deinit(&sample->targets);
}

/* The nodes that are reached when `removed` is not there. */
static void mark_without(const struct sample *sample, node_t removed, bool *reached)
{
	node_t stack[MAX_NODES], top = 0;

	memset(reached, 0, MAX_NODES);
	if (removed == sample->graph.root)
		return;
	stack[top++] = sample->graph.root;
	reached[sample->graph.root] = true;
	while (top) {
		node_t node = stack[--top];

		if (node >= sample->graph.inner)
			continue;
		for (uint32_t at = sample->row[node]; at < sample->row[node + 1]; at++) {
			node_t target = sample->targets.items[at];

			if (target == removed || reached[target])
				continue;
			reached[target] = true;
			stack[top++] = target;
		}
	}
}

static void check_retained(const struct sample *sample, const struct retention *retention)
{
	bool alive[MAX_NODES], reached[MAX_NODES];
	bool dominates[MAX_NODES][MAX_NODES] = {0};

	mark_without(sample, NO_NODE, alive);
	for (node_t node = 0; node < sample->graph.count; node++) {
		uint64_t lost = 0;

		assert_int_equal(retention_alive(retention, node), alive[node]);
		if (!alive[node])
			continue;
		mark_without(sample, node, reached);
		for (node_t other = 0; other < sample->graph.count; other++) {
			dominates[node][other] = alive[other] && !reached[other];
			lost += dominates[node][other] ? sample->weights[other] : 0;
		}
		assert_int_equal(retention_retained(retention, node), lost);
	}
	for (node_t node = 0; node < sample->graph.count; node++) {
		if (!alive[node] || node == sample->graph.root)
			continue;
		node_t idom = retention->idom[node];

		assert_true(idom != node && dominates[idom][node]);
		for (node_t other = 0; other < sample->graph.count; other++) {
			if (other != node && dominates[other][node])
				assert_true(dominates[other][idom]);
		}
	}
}

/* The holders that reach a node, by marking from each alone. */
static void reach_from(const struct sample *sample, uint32_t holder, bool *reached)
{
	node_t stack[MAX_NODES], top = 0;

	memset(reached, 0, MAX_NODES);
	for (uint32_t i = 0; i < HOLDERS; i++) {
		if (sample->holders[i] == holder) {
			reached[sample->first_virtual + i] = true;
			stack[top++] = sample->first_virtual + i;
		}
	}
	while (top) {
		node_t node = stack[--top];

		for (uint32_t at = node < sample->graph.inner ? sample->row[node] : 1;
			node < sample->graph.inner && at < sample->row[node + 1]; at++) {
			node_t target = sample->targets.items[at];

			if (reached[target])
				continue;
			reached[target] = true;
			stack[top++] = target;
		}
	}
}

static void check_sets(const struct sample *sample, const struct retention *retention)
{
	bool reached[HOLDERS][MAX_NODES];
	uint64_t *bytes = memory_array(retention->set_count, sizeof(*bytes));
	uint64_t *objects = memory_array(retention->set_count, sizeof(*objects));

	for (uint32_t holder = 0; holder < HOLDERS; holder++)
		reach_from(sample, holder, reached[holder]);
	for (node_t node = 0; node < sample->graph.count; node++) {
		if (!retention_alive(retention, node))
			continue;
		set_t set = retention_set(retention, node);
		uint32_t count, found = 0;
		const uint32_t *members = holder_sets_members(retention->sets, set, &count);

		for (uint32_t holder = 0; holder < HOLDERS; holder++) {
			if (!reached[holder][node])
				continue;
			assert_true(found < count);
			assert_int_equal(members[found++], holder);
		}
		assert_int_equal(found, count);
		if (node - sample->first_virtual > HOLDERS) {
			bytes[set] += sample->weights[node];
			objects[set]++;
		}
	}
	for (uint32_t set = 0; set < retention->set_count; set++) {
		assert_int_equal(retention->sums[set].bytes, bytes[set]);
		assert_int_equal(retention->sums[set].objects, objects[set]);
	}
	free(bytes);
	free(objects);
}

static struct retention *compute(struct sample *sample)
{
	struct retention *retention = NULL;
	const struct retention_input input = {
		.graph = &sample->graph,
		.holders = sample->holders,
		.first_holder = sample->first_virtual,
		.holder_nodes = HOLDERS,
		.first_virtual = sample->first_virtual,
		.virtual_nodes = HOLDERS + 1,
	};

	assert_null(retention_compute(&input, &retention));
	return retention;
}

static void test_random_graphs(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < GRAPHS; seed++) {
		struct sample sample;

		make_sample(&sample, seed);
		struct retention *retention = compute(&sample);
		check_retained(&sample, retention);
		check_sets(&sample, retention);
		retention_destroy(retention);
		sample_deinit(&sample);
	}
}

static void test_marking_around_removed_nodes(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < GRAPHS / 10; seed++) {
		struct sample sample;
		bool expected[MAX_NODES];
		uint64_t removed[BITSET_WORDS(MAX_NODES)] = {0},
			 reached[BITSET_WORDS(MAX_NODES)] = {0};

		make_sample(&sample, seed);
		node_t node = (node_t)(seed % sample.first_virtual);
		bitset_add(removed, node);
		assert_null(reach_avoiding(&sample.graph, removed, reached));
		mark_without(&sample, node, expected);
		for (node_t other = 0; other < sample.graph.count; other++)
			assert_int_equal(bitset_has(reached, other), expected[other]);
		sample_deinit(&sample);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_graphs),
		cmocka_unit_test(test_marking_around_removed_nodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
