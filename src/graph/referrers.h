/* Every reference to some nodes from what is alive: one pass over the references of the graph. */
#pragma once

#include "analysis.h"

/* Called on several threads, in no fixed order; once for each word that refers to the node. */
typedef void referrer_fn(void *context, node_t from, node_t to);

/* wanted: bits by node. */
struct error *referrers_each(
	const struct analysis *analysis, const uint64_t *wanted, referrer_fn *visit, void *context);
