/* What goroutines that can never wake cost, by group: those that stand at the same place.
 *
 * holds: everything that a group refers to and that nothing that can run reaches. frees: the part
 * of it that no other group refers to; so much goes when only this group ends. Both by following
 * the references, without the runtime's own structures (g, sudog), which are used again. Stacks
 * come on top of it.
 */
#pragma once

#include "never_wakes.h"

struct stuck_group {
	uint32_t group; /* in stacks.groups */
	uint32_t count; /* of goroutines that never wake; the group may have others */
	uint32_t first; /* one of them, the one that waits longest: place in goroutines */
	uint64_t holds_bytes;
	uint64_t frees_bytes;
	uint64_t stack_bytes;
};

struct stuck_groups {
	VEC(struct stuck_group) list; /* by holds_bytes and stacks, largest first */
	uint64_t frees_bytes;         /* when all of them end */
	uint64_t stack_bytes;
};

struct error *stuck_groups_find(const struct analysis *analysis, const struct never_wakes *verdicts,
	struct stuck_groups *ret);
void stuck_groups_deinit(struct stuck_groups *groups);
