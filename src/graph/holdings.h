/* What the top-level holders hold: the ranking that a report begins with.
 *
 * A holding is what one set of holders keeps alive and nobody else reaches: letting all of them go
 * frees it, letting go only some of them frees nothing of it. The largest come first. What is in a
 * holding is told by going down the dominator tree, from all nodes of one type to the type that
 * holds most below them.
 */
#pragma once

#include "analysis.h"

enum { HOLDING_STEPS_MAX = 10, HOLDING_CONTENTS_MAX = 15 };

/* One step further in: so many objects of one type, with what they retain. */
struct holding_step {
	otype_t type;
	node_t example; /* one of them, and what dominates it */
	node_t parent;
	uint64_t count;
	uint64_t bytes;
};

struct holding_member {
	uint32_t holder;
	uint64_t alone_bytes; /* what only this holder reaches */
};

struct holding {
	set_t set;
	uint64_t bytes;
	uint64_t objects;
	VEC(struct holding_member)
	members;                        /* by rank (holder_names.h), then by what they hold alone;
					 of many the nearest comes before them */
	VEC(struct holding_step) steps; /* of the first HOLDING_CONTENTS_MAX holdings */
};

struct holdings {
	VEC(struct holding) list; /* by bytes, largest first */
};

/* At most `limit` holdings; 0: all. */
struct error *holdings_find(const struct analysis *analysis, size_t limit, struct holdings *ret);
void holdings_deinit(struct holdings *holdings);
