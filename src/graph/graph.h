/* A directed graph of objects in compressed rows: the input of every algorithm in this room.
 *
 * Nodes are numbers. Those below `inner` may have references; those from there on are leaves.
 * Everything alive is reachable from `root`, which is an inner node. What the nodes stand for is
 * not known here (object_graph.h does), so the algorithms are tested on any graph.
 *
 * A row (the references of one node) costs 1.25 bytes beside its targets: its length in a byte, and
 * where it begins once for sixteen of them. Rows of 255 targets or more have their length in a
 * list.
 *
 * Frozen once graph_rows_finish() has been called.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addrmap.h"
#include "bytes.h"
#include "error.h"

typedef uint32_t node_t;

#define NO_NODE UINT32_MAX

enum {
	ROW_BLOCK = 16, /* rows that share a beginning */
	ROW_LONG = 255, /* length of a row that is in the list */
};

struct graph {
	node_t inner;
	node_t count;
	node_t root;
	node_t *targets; /* row after row; the same target may come more than once */
	uint32_t edges;
	uint8_t *row_length;      /* by inner node, rounded up to blocks */
	uint32_t *row_begin;      /* by block: place in targets of its first row */
	struct addrmap long_rows; /* node + 1 -> length */
	uint64_t (*weight)(const void *context, node_t node); /* bytes of a node */
	const void *context;
};

/* The references of a node. */
struct references {
	const node_t *at;
	const node_t *end;
};

/* Room for the rows of graph->inner nodes, all empty. */
struct error *graph_rows_create(struct graph *graph);

/* Lengths of less than ROW_LONG may be set from several threads; longer ones must not. */
static inline void graph_row_set_short(struct graph *graph, node_t node, uint8_t length)
{
	graph->row_length[node] = length;
}
void graph_row_set(struct graph *graph, node_t node, uint32_t length);

/* Computes where rows begin. Fails when there are more references than a graph can hold. */
struct error *graph_rows_finish(struct graph *graph);

/* Frees the rows; the targets are their maker's. */
void graph_rows_destroy(struct graph *graph);

/* The sum of the lengths of rows of a block that has long ones. */
uint64_t graph_long_rows_before(const struct graph *graph, node_t node);
uint32_t graph_long_row(const struct graph *graph, node_t node);

/* The sum of eight bytes. */
static inline uint32_t sum_bytes(uint64_t bytes)
{
	uint64_t pairs = (bytes & 0x00ff00ff00ff00ffull) + (bytes >> 8 & 0x00ff00ff00ff00ffull);

	return (uint32_t)(pairs * 0x0001000100010001ull >> 48);
}

static inline uint32_t graph_row_length(const struct graph *graph, node_t node)
{
	uint8_t length = graph->row_length[node];

	return length == ROW_LONG ? graph_long_row(graph, node) : length;
}

static inline struct references graph_references(const struct graph *graph, node_t node)
{
	const uint8_t *lengths = graph->row_length + (node & ~(node_t)(ROW_BLOCK - 1));
	uint32_t begin = graph->row_begin[node / ROW_BLOCK];
	unsigned place = node % ROW_BLOCK;

	/* The highest bit of a beginning says that its block has long rows. */
	if (begin >> 31) {
		begin = (uint32_t)graph_long_rows_before(graph, node);
	} else {
		uint64_t low = load_u64(lengths), high = load_u64(lengths + 8);

		low = place >= 8 ? low : place ? low << (64 - 8 * place) : 0;
		high = place > 8 ? high << (128 - 8 * place) : 0;
		begin += sum_bytes(low) + sum_bytes(high);
	}
	const node_t *at = graph->targets + begin;

	return (struct references){at, at + graph_row_length(graph, node)};
}

static inline void graph_prefetch_row(const struct graph *graph, node_t node)
{
	__builtin_prefetch(&graph->row_length[node]);
	__builtin_prefetch(&graph->row_begin[node / ROW_BLOCK]);
}

static inline uint64_t graph_weight(const struct graph *graph, node_t node)
{
	return graph->weight(graph->context, node);
}
