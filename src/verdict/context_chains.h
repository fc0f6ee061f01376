/* Contexts derived from contexts: how deep, and what their values keep alive. */
#pragma once

#include "analysis.h"

struct context_chain {
	node_t innermost;
	uint64_t depth; /* contexts, with the innermost and the outermost */
	uint64_t bytes; /* of the contexts, and what only they keep alive of their values; at least
			 */
};

struct context_chains {
	VEC(struct context_chain) list; /* deepest first */
};

/* Chains of at least so many contexts that are alive. Of those that have most in common, one. */
void context_chains_find(
	const struct analysis *analysis, uint64_t at_least, struct context_chains *ret);
void context_chains_deinit(struct context_chains *chains);
