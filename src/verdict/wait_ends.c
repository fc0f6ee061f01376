#include "wait_ends.h"

#include "big_table.h"
#include "sorted.h"
#include "stack_closures.h"

#define SEVERAL_HOLD UINT32_MAX

void wait_ends_init(
	struct wait_ends *ends, const struct analysis *analysis, const struct never_wakes *verdicts)
{
	size_t count = analysis->objects->stacks.goroutines.list.count;

	*ends = (struct wait_ends){
		.analysis = analysis,
		.verdicts = verdicts,
		.chosen = memory_array(BITSET_WORDS(count) + 1, sizeof(uint64_t)),
		.left = memory_array(BITSET_WORDS(count) + 1, sizeof(uint64_t)),
	};
}

void wait_ends_deinit(struct wait_ends *ends)
{
	free(ends->chosen);
	free(ends->left);
	vec_deinit(&ends->ends);
	vec_deinit(&ends->barred);
	gated_input_deinit(&ends->input);
	gated_reach_deinit(&ends->reach);
}

node_t wait_ends_node(const struct wait_ends *ends, addr_t awaited)
{
	object_t object = heap_object_at(ends->analysis->heap, awaited);

	return object == NO_OBJECT ? NO_NODE : node_of_object(ends->analysis->objects, object);
}

bool wait_ends_add(struct wait_ends *ends, uint32_t goroutine, addr_t end)
{
	node_t node = wait_ends_node(ends, end);

	if (node == NO_NODE)
		return false;
	bitset_add(ends->chosen, goroutine);
	vec_push(&ends->ends, {node, goroutine});
	return true;
}

static uint32_t goroutine_count(const struct wait_ends *ends)
{
	return (uint32_t)ends->analysis->objects->stacks.goroutines.list.count;
}

/* What threads have on the scheduler's stacks is left out: most of it is from before, and several
 * goroutines are not kept by it for long. Of goroutines only the chosen and those that never wake
 * are closed; what is behind (weak handles) is as it was. */
static bool stays_closed(const struct wait_ends *ends, uint32_t gate)
{
	return gate >= goroutine_count(ends) || bitset_has(ends->chosen, gate) ||
	       ends->verdicts->of[gate].verdict == VERDICT_NEVER_WAKES;
}

static void make_input(struct wait_ends *ends)
{
	const struct gated_input *before = &ends->verdicts->input;
	struct gated_input *input = &ends->input;

	*input = (struct gated_input){.graph = before->graph, .gates = before->gates};
	vec_foreach (closed, &before->closed) {
		if (stays_closed(ends, closed->gate))
			vec_push(&input->closed, *closed);
	}
	vec_foreach (barred, &ends->barred)
		vec_push(&input->closed, {*barred, goroutine_count(ends)});
	vec_foreach (released, &before->released) {
		if (released->gate >= goroutine_count(ends))
			vec_push(&input->released, *released);
	}
	vec_foreach (key, &before->keys) {
		if (key->gate >= goroutine_count(ends))
			vec_push(&input->keys, *key);
	}
	vec_foreach (end, &ends->ends)
		vec_push(&input->keys, *end);
}

/* What those that are left hold among themselves: by node + 1, the class of the one that reaches
 * it, or SEVERAL_HOLD. Those that wait for the same first end are one class. A node is walked at
 * most twice. */
struct claims {
	const struct wait_ends *ends;
	const struct graph *graph;
	uint64_t *closed; /* bits, by node */
	struct addrmap of;
	VEC(node_t) pending;
};

static void claim(struct claims *claims, node_t node, uint32_t class)
{
	uint32_t before;

	if (bitset_has(claims->ends->reach.reached, node) || bitset_has(claims->closed, node))
		return;
	if (addrmap_get(&claims->of, (addr_t)node + 1, &before)) {
		if (before == class || before == SEVERAL_HOLD)
			return;
		class = SEVERAL_HOLD;
	}
	addrmap_set(&claims->of, (addr_t)node + 1, class);
	if (node < claims->graph->inner)
		vec_push(&claims->pending, node);
}

static void claim_references(struct claims *claims, node_t node, uint32_t class)
{
	for (struct references row = graph_references(claims->graph, node); row.at < row.end;
		row.at++)
		claim(claims, *row.at, class);
}

static void run_claims(struct claims *claims)
{
	while (claims->pending.count) {
		node_t node = vec_pop(&claims->pending);
		uint32_t class = SEVERAL_HOLD;

		addrmap_get(&claims->of, (addr_t)node + 1, &class);
		claim_references(claims, node, class);
	}
}

static void claim_all(struct claims *claims)
{
	const struct wait_ends *ends = claims->ends;

	vec_foreach (closed, &ends->input.closed)
		bitset_add(claims->closed, closed->node);
	vec_foreach (closed, &ends->input.closed) {
		if (closed->gate >= goroutine_count(ends) ||
			!bitset_has(ends->left, closed->gate) ||
			!node_is_virtual(ends->analysis->objects, closed->node))
			continue;
		claim_references(claims, closed->node, wait_ends_first(ends, closed->gate));
		run_claims(claims);
	}
}

static void let_off(struct wait_ends *ends, uint32_t goroutine)
{
	if (!bitset_has(ends->left, goroutine))
		return;
	bitset_remove(ends->left, goroutine);
	ends->left_count--;
}

/* An end that several classes reach is in the hands of another one. */
static void let_off_claimed(struct wait_ends *ends, const struct claims *claims)
{
	vec_foreach (end, &ends->ends) {
		uint32_t class;

		if (addrmap_get(&claims->of, (addr_t)end->node + 1, &class) &&
			class == SEVERAL_HOLD)
			let_off(ends, end->gate);
	}
}

static int by_goroutine(const void *left, const void *right)
{
	const struct gate_node *a = left, *b = right;

	if (a->gate != b->gate)
		return a->gate < b->gate ? -1 : 1;
	return (a->node > b->node) - (a->node < b->node);
}

static struct error *settle(struct wait_ends *ends)
{
	struct claims claims = {.ends = ends, .graph = ends->input.graph};
	size_t words = BITSET_WORDS(claims.graph->count);

	for (uint32_t i = 0; i < goroutine_count(ends); i++) {
		if (!bitset_has(ends->chosen, i) || bitset_has(ends->reach.open, i))
			continue;
		bitset_add(ends->left, i);
		ends->left_count++;
	}
	if (!ends->left_count)
		return NULL;
	TRY(big_table_alloc(words, sizeof(uint64_t), &claims.closed));
	claim_all(&claims);
	let_off_claimed(ends, &claims);
	addrmap_deinit(&claims.of);
	vec_deinit(&claims.pending);
	big_table_free(claims.closed, words * sizeof(uint64_t));
	return NULL;
}

struct error *wait_ends_find(struct wait_ends *ends)
{
	if (!ends->ends.count)
		return NULL;
	qsort(ends->ends.items, ends->ends.count, sizeof(*ends->ends.items), by_goroutine);
	make_input(ends);
	TRY(gated_reach_find(&ends->input, &ends->reach));
	return settle(ends);
}

static size_t first_end(const struct wait_ends *ends, uint32_t goroutine)
{
	return sorted_prefix(ends->ends.items, ends->ends.count, item, item->gate < goroutine);
}

node_t wait_ends_first(const struct wait_ends *ends, uint32_t goroutine)
{
	return ends->ends.items[first_end(ends, goroutine)].node;
}

struct self_search {
	const struct wait_ends *ends;
	uint32_t goroutine;
	bool found;
};

static bool is_end(const struct self_search *search, node_t node)
{
	const struct wait_ends *ends = search->ends;

	for (size_t i = first_end(ends, search->goroutine);
		i < ends->ends.count && ends->ends.items[i].gate == search->goroutine; i++) {
		if (ends->ends.items[i].node == node)
			return true;
	}
	return false;
}

/* The channel itself, or what has it: a context. */
static bool leads_to_end(const struct self_search *search, addr_t address)
{
	node_t node = wait_ends_node(search->ends, address);

	if (node == NO_NODE)
		return false;
	if (is_end(search, node))
		return true;
	if (node >= search->ends->input.graph->inner)
		return false;
	for (struct references row = graph_references(search->ends->input.graph, node);
		row.at < row.end; row.at++) {
		if (is_end(search, *row.at))
			return true;
	}
	return false;
}

static void look_at_closure(void *context, const struct stack_closure *closure)
{
	struct self_search *search = context;

	if (leads_to_end(search, closure->captured))
		search->found = true;
}

bool wait_ends_itself(const struct wait_ends *ends, uint32_t goroutine)
{
	struct self_search search = {.ends = ends, .goroutine = goroutine};

	stack_closures_each(ends->analysis->program->runtime,
		&ends->analysis->objects->stacks.goroutines.list.items[goroutine], look_at_closure,
		&search);
	return search.found;
}
