/* The parts of `silt why`: each explains one kind of thing, into one view. */
#pragma once

#include "alloc_sites.h"
#include "holdings.h"
#include "naming.h"
#include "view.h"

struct why {
	const struct analysis *analysis;
	struct naming *naming;
	struct view *view;
	size_t limit;
};

/* An object or a variable: what it keeps alive, who reaches it, by which chain. */
struct error *why_node(struct why *why, node_t node);

/* All objects of a type, by its name: what they keep alive together, who reaches them. */
struct error *why_type(struct why *why, const char *name);

/* A row of the report. */
struct error *why_holding(struct why *why, const struct holding *holding);

/* A finding of the report, by its number. */
struct error *why_finding(struct why *why, uint64_t number);

/* A goroutine: what it waits for, and who can wake it or why nobody can. */
struct error *why_goroutine(struct why *why, uint64_t goid);

/* What a holder holds together with others, which its own retained bytes do not count. */
struct error *why_shared(struct why *why, uint32_t holder);

/* Where the objects in question were allocated, as far as they were sampled. `is_wanted` is asked
 * for all that were. */
void why_allocated(struct why *why, alloc_wanted_fn *is_wanted, void *context);
