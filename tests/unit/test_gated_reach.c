/* Reachability with gates, against the obvious way: mark, open every gate of which a key is marked,
 * and begin anew, until nothing changes. */
#include "check.h"

#include "gated_reach.h"
#include "memory.h"
#include "random.h"

enum {
	GRAPHS = 3000,
	MAX_NODES = 60,
	MAX_GATES = 8,
	CHAIN = 300000,
};

struct sample {
	struct gated_input input;
	struct graph graph;
	VEC(node_t) targets;
	uint32_t row[MAX_NODES + 1];
	node_t unlinked_key; /* a reference from a node with an odd number does not lead there */
};

static bool leads(void *context, node_t from, node_t key)
{
	const struct sample *sample = context;

	return key != sample->unlinked_key || from % 2 == 0;
}

static void make_rows(struct sample *sample, struct random *random)
{
	for (node_t node = 0; node < sample->graph.inner; node++) {
		uint32_t length = random_below(random, 4);

		sample->row[node] = (uint32_t)sample->targets.count;
		for (uint32_t i = 0; i < length; i++)
			vec_push(&sample->targets, random_below(random, sample->graph.count));
		graph_row_set(&sample->graph, node, length);
	}
	sample->row[sample->graph.inner] = (uint32_t)sample->targets.count;
	sample->graph.targets = sample->targets.items;
	assert_success(graph_rows_finish(&sample->graph));
}

static void make_gates(struct sample *sample, struct random *random)
{
	struct gated_input *input = &sample->input;

	input->gates = random_below(random, MAX_GATES + 1);
	for (node_t node = 0; input->gates && node + 1 < sample->graph.inner; node++) {
		if (random_below(random, 3) == 0)
			vec_push(&input->closed, {node, random_below(random, input->gates)});
	}
	for (uint32_t gate = 0; gate < input->gates; gate++) {
		for (uint32_t i = random_below(random, 3); i; i--)
			vec_push(&input->keys, {random_below(random, sample->graph.count), gate});
		if (random_below(random, 2))
			vec_push(&input->released,
				{random_below(random, sample->graph.count), gate});
	}
	for (uint32_t i = random_below(random, 3); i; i--)
		vec_push(&input->starts, random_below(random, sample->graph.count));
}

static void sample_init(struct sample *sample, uint64_t seed)
{
	struct random random = random_from(seed);
	uint32_t inner = 1 + random_below(&random, MAX_NODES - 10);

	*sample = (struct sample){
		.graph = {.inner = inner,
			.count = inner + random_below(&random, 10),
			.root = inner - 1},
		.unlinked_key = random_below(&random, inner),
	};
	assert_success(graph_rows_create(&sample->graph));
	sample->input =
		(struct gated_input){.graph = &sample->graph, .leads = leads, .context = sample};
	make_rows(sample, &random);
	make_gates(sample, &random);
}

static void sample_deinit(struct sample *sample)
{
	gated_input_deinit(&sample->input);
	graph_rows_destroy(&sample->graph);
	vec_deinit(&sample->targets);
}

/* The obvious way. */
struct reference {
	const struct sample *sample;
	bool reached[MAX_NODES];
	bool open[MAX_GATES];
	bool changed;
};

static bool is_shut(const struct reference *reference, node_t node)
{
	vec_foreach (closed, &reference->sample->input.closed) {
		if (closed->node == node && !reference->open[closed->gate])
			return true;
	}
	return false;
}

static bool is_key(const struct reference *reference, node_t node)
{
	vec_foreach (key, &reference->sample->input.keys) {
		if (key->node == node)
			return true;
	}
	return false;
}

static void mark(struct reference *reference, node_t node)
{
	reference->changed |= !reference->reached[node];
	reference->reached[node] = true;
}

static void mark_row(struct reference *reference, node_t node)
{
	const struct sample *sample = reference->sample;

	for (uint32_t i = sample->row[node]; i < sample->row[node + 1]; i++) {
		node_t target = sample->targets.items[i];

		if (!is_key(reference, target) || leads((void *)(uintptr_t)sample, node, target))
			mark(reference, target);
	}
}

static void open_gates(struct reference *reference)
{
	const struct gated_input *input = &reference->sample->input;

	vec_foreach (key, &input->keys) {
		reference->changed |= reference->reached[key->node] && !reference->open[key->gate];
		reference->open[key->gate] |= reference->reached[key->node];
	}
	vec_foreach (closed, &input->closed) {
		if (reference->open[closed->gate])
			mark(reference, closed->node);
	}
	vec_foreach (released, &input->released) {
		if (reference->open[released->gate])
			mark(reference, released->node);
	}
}

static void find_reference(struct reference *reference)
{
	const struct sample *sample = reference->sample;

	mark(reference, sample->graph.root);
	vec_foreach (start, &sample->input.starts)
		mark(reference, *start);
	do {
		reference->changed = false;
		for (node_t node = 0; node < sample->graph.inner; node++) {
			if (reference->reached[node] && !is_shut(reference, node))
				mark_row(reference, node);
		}
		open_gates(reference);
	} while (reference->changed);
}

static void test_random_graphs(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < GRAPHS; seed++) {
		struct sample sample;
		struct reference reference = {.sample = &sample};
		struct gated_reach reach;

		sample_init(&sample, seed);
		assert_success(gated_reach_find(&sample.input, &reach));
		find_reference(&reference);
		for (node_t node = 0; node < sample.graph.count; node++) {
			if (bitset_has(reach.reached, node) != reference.reached[node])
				fail_msg("seed %lu: node %u", (unsigned long)seed, node);
		}
		for (uint32_t gate = 0; gate < sample.input.gates; gate++)
			assert_int_equal(bitset_has(reach.open, gate), reference.open[gate]);
		gated_reach_deinit(&reach);
		sample_deinit(&sample);
	}
}

/* Goroutine i waits for channel i, and has channel i + 1: each is reached through the one before
 * alone. The obvious way would mark 300,000 times. */
static void test_long_chain(void **state)
{
	struct graph graph = {.inner = 2 * CHAIN + 1, .count = 2 * CHAIN + 1, .root = 2 * CHAIN};
	struct gated_input input = {.graph = &graph, .gates = CHAIN};
	VEC(node_t) targets = {0};
	struct gated_reach reach;

	(void)state;
	assert_success(graph_rows_create(&graph));
	for (node_t i = 0; i < CHAIN; i++) {
		graph_row_set(&graph, i, i + 1 < CHAIN);
		if (i + 1 < CHAIN)
			vec_push(&targets, CHAIN + i + 1);
		vec_push(&input.closed, {i, i});
		vec_push(&input.keys, {CHAIN + i, i});
	}
	graph_row_set(&graph, graph.root, 1);
	vec_push(&targets, CHAIN);
	graph.targets = targets.items;
	assert_success(graph_rows_finish(&graph));
	assert_success(gated_reach_find(&input, &reach));
	assert_int_equal(bitset_count(reach.open, CHAIN), CHAIN);
	gated_reach_deinit(&reach);
	gated_input_deinit(&input);
	graph_rows_destroy(&graph);
	vec_deinit(&targets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_graphs),
		cmocka_unit_test(test_long_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
