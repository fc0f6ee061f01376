/* A directed graph of objects in compressed rows: the input of every algorithm in this room.
 *
 * Nodes are numbers. Those below `inner` may have references; those from there on are leaves. Everything
 * alive is reachable from `root`, which is an inner node. What the nodes stand for is not known here
 * (object_graph.h does), so the algorithms are tested on any graph.
 *
 * Frozen once it is built.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t node_t;

#define NO_NODE UINT32_MAX

struct graph {
	node_t inner;
	node_t count;
	node_t root;
	uint32_t *row;   /* inner + 1 places in targets: the references of node v are
			    targets[row[v]] to targets[row[v + 1] - 1] */
	node_t *targets; /* the same target may come more than once */
	uint64_t (*weight)(const void *context, node_t node); /* bytes of a node */
	const void *context;
};

static inline uint64_t graph_weight(const struct graph *graph, node_t node)
{
	return graph->weight(graph->context, node);
}

static inline uint32_t graph_edges(const struct graph *graph)
{
	return graph->row[graph->inner];
}
