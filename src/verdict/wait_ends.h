/* Who could end a wait for good: reachability with the goroutines in question left out.
 *
 * Some goroutines that are alive are chosen, each with the objects by which its wait could be ended
 * for good (its ends): of a select that a ticker wakes again and again, the channel that would stop
 * it. What can be reached without the stacks of the chosen is marked; a chosen one of which an end
 * was marked counts as any other from then on. Who is left can be told to end by nobody, but for
 * others that are left as well: those that have an end of another one in hand are let off.
 *
 * Some references may be barred: then who is left has ends that only lead through these.
 */
#pragma once

#include "never_wakes.h"

struct wait_ends {
	const struct analysis *analysis;
	const struct never_wakes *verdicts;
	uint64_t *chosen;           /* bits, by place of the goroutine */
	VEC(struct gate_node) ends; /* gate: place of the goroutine */
	VEC(node_t) barred;         /* nodes that are not followed */
	struct gated_input input;   /* set by wait_ends_find() */
	struct gated_reach reach;   /* reached: without those that are left */
	uint64_t *left;             /* bits, by place of the goroutine */
	uint32_t left_count;
};

void wait_ends_init(struct wait_ends *ends, const struct analysis *analysis,
	const struct never_wakes *verdicts);
void wait_ends_deinit(struct wait_ends *ends);

/* Chooses a goroutine, or gives one that is chosen one more end. Not an object of the heap: it is
 * left out (false). */
bool wait_ends_add(struct wait_ends *ends, uint32_t goroutine, addr_t end);

/* Who is left, once all are chosen. */
struct error *wait_ends_find(struct wait_ends *ends);

/* Does the goroutine itself have a function in its frames that would end its wait (a cancel that it
 * has deferred)? Then it was not forgotten: it ends by itself. */
bool wait_ends_itself(const struct wait_ends *ends, uint32_t goroutine);

/* The first end of a goroutine. */
node_t wait_ends_first(const struct wait_ends *ends, uint32_t goroutine);

/* The node of what is waited for; NO_NODE: no object of the heap. */
node_t wait_ends_node(const struct wait_ends *ends, addr_t awaited);
