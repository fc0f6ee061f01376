/* The objects of a Go program as a graph: every object, every reference, every root.
 *
 * Nodes, in this order: objects that hold pointers (by their number in the heap), then nodes that
 * stand for no object (a package variable, a goroutine, a frame, a kind of special root, and the
 * root of everything), then objects without pointers. Objects that wait for the collector are there
 * as well; they are not reachable from the root.
 */
#pragma once

#include "graph.h"
#include "heap.h"
#include "pointer_map.h"
#include "program.h"
#include "roots.h"
#include "stacks.h"
#include "variables.h"

enum virtual_kind {
	VIRTUAL_VARIABLE,  /* index: in variables */
	VIRTUAL_SPECIAL,   /* index: enum root_kind */
	VIRTUAL_GOROUTINE, /* index: in stacks.goroutines */
	VIRTUAL_FRAME,     /* index: in stacks.goroutines; frame: its number, innermost 0 */
	VIRTUAL_ROOT,
};

struct virtual_node {
	enum virtual_kind kind;
	uint32_t index;
	uint32_t frame;
};

/* Who holds something, as far as it can be named: see holder_sets.h. */
enum holder_kind {
	HOLDER_VARIABLE,   /* index: in variables */
	HOLDER_SPECIAL,    /* index: enum root_kind */
	HOLDER_GOROUTINES, /* index: in stacks.groups */
};

struct holder {
	enum holder_kind kind;
	uint32_t index;
};

struct object_graph {
	struct graph graph;
	const struct program *program;
	const struct heap *heap;
	struct pointer_maps *maps;
	struct stacks stacks;
	VEC(struct go_variable) variables; /* those that refer to the heap, by address */
	VEC(struct virtual_node) virtual_nodes;
	node_t first_virtual;
	node_t holder_nodes; /* the first so many virtual nodes are holders */
	uint32_t *holder_of; /* by virtual node: its number in holders */
	VEC(struct holder) holders;
	struct roots_missing missing;
	uint32_t unread_stacks;   /* goroutines whose stack memory was not captured */
	uint64_t wild;            /* references to slots that are free */
	VEC(node_t) wild_sources; /* where some of them are */
	size_t targets_bytes;     /* of the tables, for freeing */
};

struct error *object_graph_build(const struct program *program, const struct heap *heap,
	struct pointer_maps *maps, struct object_graph **ret);
void object_graph_destroy(struct object_graph *objects);
DEFINE_CLEANUP(object_graph)

static inline uint32_t object_graph_virtuals(const struct object_graph *objects)
{
	return (uint32_t)objects->virtual_nodes.count;
}

static inline node_t node_of_object(const struct object_graph *objects, object_t object)
{
	return object < objects->first_virtual ? object : object + object_graph_virtuals(objects);
}

static inline bool node_is_virtual(const struct object_graph *objects, node_t node)
{
	return node - objects->first_virtual < object_graph_virtuals(objects);
}

/* The node must not be virtual. */
static inline object_t object_of_node(const struct object_graph *objects, node_t node)
{
	return node < objects->first_virtual ? node : node - object_graph_virtuals(objects);
}

static inline const struct virtual_node *virtual_of_node(
	const struct object_graph *objects, node_t node)
{
	return &objects->virtual_nodes.items[node - objects->first_virtual];
}

/* The node of a goroutine, by its place in stacks.goroutines. */
static inline node_t object_graph_goroutine(const struct object_graph *objects, uint32_t goroutine)
{
	return objects->first_virtual + objects->holder_nodes -
	       (node_t)objects->stacks.goroutines.list.count + goroutine;
}

/* The node of all roots of a kind. */
static inline node_t object_graph_special(const struct object_graph *objects, enum root_kind kind)
{
	return objects->first_virtual + (node_t)objects->variables.count + (node_t)kind;
}
