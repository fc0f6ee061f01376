#include "gated_reach.h"

#include "mark_batch.h"
#include "big_table.h"

/* What a node is, beside a node. */
enum role {
	ROLE_CLOSED = 1, /* belongs to a gate */
	ROLE_KEY = 2,
};

struct pass {
	struct gated_input *input;
	const struct graph *graph;
	struct gated_reach *reach;
	uint64_t *special;                           /* bits, by node: it has a role */
	struct addrmap roles;                        /* node + 1 -> enum role */
	struct addrmap first_key;                    /* node + 1 -> place in input->keys */
	struct addrmap first_closed, first_released; /* gate + 1 -> place in the list */
	struct mark_stack stack;
	VEC(uint32_t) opening; /* gates that are open, whose nodes are not yet reached */
};

static int by_node(const void *left, const void *right)
{
	const struct gate_node *a = left, *b = right;

	return (a->node > b->node) - (a->node < b->node);
}

static int by_gate(const void *left, const void *right)
{
	const struct gate_node *a = left, *b = right;

	return (a->gate > b->gate) - (a->gate < b->gate);
}

static void add_role(struct pass *pass, node_t node, enum role role)
{
	uint32_t roles = 0;

	addrmap_get(&pass->roles, (addr_t)node + 1, &roles);
	addrmap_set(&pass->roles, (addr_t)node + 1, roles | role);
	bitset_add(pass->special, node);
}

static void note_first(struct addrmap *firsts, uint32_t number, size_t place)
{
	if (!addrmap_get(firsts, (addr_t)number + 1, NULL))
		addrmap_set(firsts, (addr_t)number + 1, (uint32_t)place);
}

#define SORT(list, order)                                                                          \
	do {                                                                                       \
		if ((list)->count)                                                                 \
			qsort((list)->items, (list)->count, sizeof(*(list)->items), order);        \
	} while (0)

static void prepare(struct pass *pass)
{
	struct gated_input *input = pass->input;

	SORT(&input->closed, by_gate);
	SORT(&input->released, by_gate);
	SORT(&input->keys, by_node);
	for (size_t i = 0; i < input->closed.count; i++) {
		const struct gate_node *closed = &input->closed.items[i];

		add_role(pass, closed->node, ROLE_CLOSED);
		note_first(&pass->first_closed, closed->gate, i);
	}
	for (size_t i = 0; i < input->released.count; i++)
		note_first(&pass->first_released, input->released.items[i].gate, i);
	for (size_t i = 0; i < input->keys.count; i++) {
		add_role(pass, input->keys.items[i].node, ROLE_KEY);
		note_first(&pass->first_key, input->keys.items[i].node, i);
	}
}

static void follow(struct pass *pass, node_t node)
{
	if (node < pass->graph->inner)
		vec_push(&pass->stack.nodes, node);
}

/* The gates of a key open; what belongs to them is reached later, from the loop, so that a chain of
 * gates is no recursion. */
static void turn_key(struct pass *pass, node_t node)
{
	uint32_t place;

	if (!addrmap_get(&pass->first_key, (addr_t)node + 1, &place))
		return;
	for (size_t i = place;
		i < pass->input->keys.count && pass->input->keys.items[i].node == node; i++) {
		uint32_t gate = pass->input->keys.items[i].gate;

		if (bitset_has(pass->reach->open, gate))
			continue;
		bitset_add(pass->reach->open, gate);
		vec_push(&pass->opening, gate);
	}
}

static uint32_t roles_of(const struct pass *pass, node_t node)
{
	uint32_t roles = 0;

	if (bitset_has(pass->special, node))
		addrmap_get(&pass->roles, (addr_t)node + 1, &roles);
	return roles;
}

static void reach(struct pass *pass, node_t node)
{
	uint32_t roles;

	if (bitset_has(pass->reach->reached, node))
		return;
	bitset_add(pass->reach->reached, node);
	roles = roles_of(pass, node);
	if (roles & ROLE_KEY)
		turn_key(pass, node);
	/* One that is closed and whose gate opens is followed by open_gate(). */
	if (!(roles & ROLE_CLOSED))
		follow(pass, node);
}

static void open_gate(struct pass *pass, uint32_t gate)
{
	const struct gated_input *input = pass->input;
	uint32_t place;

	if (addrmap_get(&pass->first_closed, (addr_t)gate + 1, &place)) {
		for (size_t i = place;
			i < input->closed.count && input->closed.items[i].gate == gate; i++) {
			reach(pass, input->closed.items[i].node);
			follow(pass, input->closed.items[i].node);
		}
	}
	if (addrmap_get(&pass->first_released, (addr_t)gate + 1, &place)) {
		for (size_t i = place;
			i < input->released.count && input->released.items[i].gate == gate; i++)
			reach(pass, input->released.items[i].node);
	}
}

static void scan(struct pass *pass, node_t node, struct references row)
{
	const struct gated_input *input = pass->input;

	for (; row.at < row.end; row.at++) {
		if (bitset_has(pass->reach->reached, *row.at))
			continue;
		if (input->leads && roles_of(pass, *row.at) & ROLE_KEY &&
			!input->leads(input->context, node, *row.at))
			continue;
		reach(pass, *row.at);
	}
}

static void run(struct pass *pass)
{
	struct mark_batch batch;

	reach(pass, pass->graph->root);
	vec_foreach (start, &pass->input->starts)
		reach(pass, *start);
	while (pass->stack.nodes.count || pass->opening.count) {
		while (pass->opening.count)
			open_gate(pass, vec_pop(&pass->opening));
		mark_batch_take(&batch, &pass->stack, pass->graph);
		for (unsigned i = 0; i < batch.count; i++)
			scan(pass, batch.nodes[i], batch.rows[i]);
	}
}

static void pass_deinit(struct pass *pass)
{
	addrmap_deinit(&pass->roles);
	addrmap_deinit(&pass->first_key);
	addrmap_deinit(&pass->first_closed);
	addrmap_deinit(&pass->first_released);
	vec_deinit(&pass->stack.nodes);
	vec_deinit(&pass->opening);
	big_table_free(pass->special, pass->reach->reached_words * sizeof(uint64_t));
}

struct error *gated_reach_find(struct gated_input *input, struct gated_reach *ret)
{
	struct gated_reach reach = {.reached_words = BITSET_WORDS(input->graph->count)};
	struct pass pass = {.input = input, .graph = input->graph, .reach = &reach};

	TRY(big_table_alloc(reach.reached_words, sizeof(uint64_t), &reach.reached));
	struct error *error = big_table_alloc(reach.reached_words, sizeof(uint64_t), &pass.special);
	if (error) {
		gated_reach_deinit(&reach);
		return error;
	}
	reach.open = memory_array(BITSET_WORDS(input->gates) + 1, sizeof(uint64_t));
	prepare(&pass);
	run(&pass);
	pass_deinit(&pass);
	*ret = reach;
	return NULL;
}

void gated_reach_deinit(struct gated_reach *reach)
{
	big_table_free(reach->reached, reach->reached_words * sizeof(uint64_t));
	free(reach->open);
	*reach = (struct gated_reach){0};
}

void gated_input_deinit(struct gated_input *input)
{
	vec_deinit(&input->closed);
	vec_deinit(&input->released);
	vec_deinit(&input->keys);
	vec_deinit(&input->starts);
}
