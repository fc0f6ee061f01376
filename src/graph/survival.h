/* Which objects were there in an earlier snapshot already, and are the same ones.
 *
 * A slot that holds an object in both snapshots may have been freed and given to another object of
 * the same type meanwhile. The runtime tells, as long as at most one collection has ended between
 * the snapshots (mheap.sweepgen): nothing is freed without one, and what it had marked is what the
 * slot held before it. After more collections an object counts as a survivor only with evidence:
 *
 * - it was marked by the last one, and its type is the same;
 * - and it holds pointers and all of its words are what they were, or those words of it that tell
 *   objects of its type apart (word_identity.h);
 * - or a survivor, a variable or a frame still refers to it by the same word. Of what arrays and
 *   tables refer to this is no evidence, unless it is memory without pointers: when a table is
 *   emptied and filled again in the same order, everything comes to lie where it lay.
 *
 * So survivors may be missed, and counted as died and born. Wrongly counted is only what was built
 * again at the same address with the same words.
 * Source: Go, runtime/mgcsweep.go, mheap.go (sweepgen), mbitmap.go (isFree).
 */
#pragma once

#include "baseline.h"

struct survival {
	uint64_t collections; /* that ended between the snapshots */
	bool exact;           /* at most one */
	uint64_t *survived;   /* bits of slots of the later heap, as heap->allocated */
	size_t words;
};

/* ERROR_USAGE when the second snapshot is the older one. */
struct error *survival_find(
	const struct baseline *before, const struct analysis *after, struct survival *ret);
struct error *survival_wrong_order(void);
void survival_deinit(struct survival *survival);

static inline bool survival_has(
	const struct survival *survival, const struct span *span, uint32_t slot)
{
	return bitset_has(survival->survived + span->bits, slot);
}
