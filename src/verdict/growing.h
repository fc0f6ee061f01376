/* Collections that only grow: entries are added at every step, and the old ones stay.
 *
 * What replaces its entries (a cache at its bound, a window of time) has few of the old ones left,
 * and is not growing. Nor is what fills up: at the start it grew much faster than now. A collection
 * whose entries cannot be told apart (a table without pointers, which is not captured) is left out:
 * there is nothing to speak against its look-alikes.
 */
#pragma once

#include "growth.h"

struct growing {
	const struct collection *now;
	uint64_t entries_before;
	uint64_t survivors; /* of those */
	uint64_t added;     /* entries now, less those before */
	int64_t bytes;      /* by which what it holds has grown */
	/* Who has what its entries lead to in other ways as well: several variables, or the one
	 * that has the map. Of these rows the one that has grown most; NULL: there is none. */
	const struct growth_holder *shared;
};

typedef void growing_fn(void *context, const struct growing *growing);

/* Those whose growth, with what they share, is worth a line (finding_matters). */
void growing_each(const struct growth *growth, growing_fn *visit, void *context);
