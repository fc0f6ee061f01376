/* Reachability when some nodes are closed until others are reached.
 *
 * A gate stands for something that cannot act by itself: nodes that belong to it (a blocked
 * goroutine's frames) are not followed, however they are reached, while it is closed. A key is a
 * node (the channel that it waits for): once one of its keys is reached, a gate opens, and what
 * belongs to it is followed. One pass: every node is followed at most once, and every key looked at
 * once, so the time is linear in nodes and references however long the chain is in which one gate
 * opens the next.
 */
#pragma once

#include "bitset.h"
#include "error.h"
#include "graph.h"
#include "vec.h"

#define NO_GATE UINT32_MAX

struct gate_node {
	node_t node;
	uint32_t gate;
};

/* Does the reference lead to what the key stands for? Asked for references to keys only. A
 * reference that does not lead there does not reach the key. */
typedef bool gate_leads_fn(void *context, node_t from, node_t key);

struct gated_input {
	const struct graph *graph;
	uint32_t gates;
	VEC(struct gate_node) closed;   /* belong to a gate; each node once */
	VEC(struct gate_node) released; /* reached when the gate opens, open to others before */
	VEC(struct gate_node) keys;     /* a node may be the key of several gates */
	VEC(node_t) starts;             /* reached in any case, beside the root */
	gate_leads_fn *leads;           /* NULL: every reference does */
	void *context;
};

struct gated_reach {
	uint64_t *reached; /* bits, by node */
	uint64_t *open;    /* bits, by gate */
	size_t reached_words;
};

/* Sorts the lists of the input. */
struct error *gated_reach_find(struct gated_input *input, struct gated_reach *ret);
void gated_reach_deinit(struct gated_reach *reach);

void gated_input_deinit(struct gated_input *input);
