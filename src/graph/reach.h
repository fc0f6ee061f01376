/* Which nodes are alive, and which of them have only one reference to them. */
#pragma once

#include "error.h"
#include "graph.h"

/* Values of `owner`, beside node numbers. */
#define OWNER_NONE NO_NODE           /* not reachable */
#define OWNER_MANY (UINT32_MAX - 1u) /* more than one reference */

/* Marks from the root. owner[v] (graph->count entries) becomes the only node that refers to v,
 * once; OWNER_MANY; or OWNER_NONE. The root owns itself. inner_children[v] (graph->inner entries,
 * zeroed by the caller) counts the references of v to inner nodes, up to 255. */
struct error *reach_mark(const struct graph *graph, node_t *owner, uint8_t *inner_children);

/* Marks from the root as if `removed` (bits, by node; may be NULL) did not exist. reached: bits,
 * zeroed by the caller. */
struct error *reach_avoiding(const struct graph *graph, const uint64_t *removed, uint64_t *reached);
