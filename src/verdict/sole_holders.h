/* Goroutines that most likely never wake: what they wait for is kept by one reference alone.
 *
 * Reachability cannot convict a goroutine whose channel is still in a map of a package variable, or
 * among the children of a context that lives on: whoever uses the map may find it. But when many
 * that stand at the same place, each waiting for something of its own, would all never wake if only
 * that one reference were gone, then nobody has what they wait for but by looking there.
 *
 * What looks like it and is healthy: workers with a queue of their own each, kept in a slice;
 * subscribers, who wait for a queue; requests under way, whose answer is looked for in the map; one
 * goroutine for each connection; who waits for a context whose cancel function is kept. So there
 * must be evidence that they pile up: collections of the process have seen them come one after the
 * other, the first of them long ago, and none of them left. Who a timer will wake is left out.
 */
#pragma once

#include "stuck_groups.h"
#include "wait_ends.h"

enum {
	SOLE_HOLDER_MIN = 16, /* goroutines at one place, each with something of its own */
};

struct sole_holder {
	uint32_t group; /* of stacks */
	node_t holder;  /* what all of it hangs on: a map, an array, a variable */
	struct path path;
	uint32_t arrivals;  /* collections that saw some of them for the first time */
	uint64_t newest_ns; /* how long the newest has waited; 0: no collection has seen it */
};

struct sole_holders {
	struct wait_ends ends;
	uint32_t *key_of; /* by place of the goroutine: the group of its stack, or NO_KEY */
	VEC(struct sole_holder) list;
	struct stuck_groups groups;
};

/* Marks them in `verdicts` as well. `now_ns`: goroutine_clock(). */
struct error *sole_holders_find(const struct analysis *analysis, struct never_wakes *verdicts,
	uint64_t now_ns, struct sole_holders *ret);
void sole_holders_deinit(struct sole_holders *holders);

const struct sole_holder *sole_holders_of(const struct sole_holders *holders, uint32_t group);
