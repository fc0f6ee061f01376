/* Contexts that nobody has but the context which they were derived from.
 *
 * A context that can be cancelled is registered with the nearest one above it that can, until it is
 * cancelled itself. Who has neither it, nor its cancel function, nor a context derived from it, can
 * never cancel it: it stays registered until the one above is cancelled, or its deadline is over.
 *
 * Source: Go, context/context.go (cancelCtx.children, propagateCancel).
 */
#pragma once

#include "analysis.h"
#include "map_list.h"

/* The children of one context. */
struct forgotten_children {
	node_t map; /* cancelCtx.children */
	uint64_t entries;
	uint64_t forgotten;
	uint64_t timed; /* of them, those that a timer still has: their deadline ends them */
	uint64_t bytes; /* that the forgotten ones keep alive; at least */
	node_t largest; /* of the forgotten ones, that which retains most */
};

struct forgotten_list {
	VEC(struct forgotten_children) list; /* those with forgotten children */
};

/* Of contexts with at least so many children. Marks the graph twice when there are any. */
struct error *forgotten_children_find(const struct analysis *analysis, const struct map_list *maps,
	uint64_t at_least, struct forgotten_list *ret);
void forgotten_list_deinit(struct forgotten_list *list);
