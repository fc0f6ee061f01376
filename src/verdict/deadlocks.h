/* Deadlocks: goroutines that wait for each other in a circle.
 *
 * Who holds a lock is told from the frames (lock_holders.h). A circle counts only when it is
 * closed: each of its goroutines waits for something that nobody can have but goroutines which wait
 * themselves, for things that nobody else can have, and so on. So a lock that many use at the same
 * time is none, whatever their frames say of the past.
 *
 * That goroutines of a circle never wake may be proved (never_wakes.h); then only who holds what is
 * told from the frames. In a circle through package variables it is likely.
 */
#pragma once

#include "lock_holders.h"

struct circle_step {
	uint32_t goroutine;  /* waits */
	uint32_t waited_for; /* in holders.list */
	enum holds_how how;  /* the next one has it */
};

struct deadlock {
	VEC(struct circle_step) steps; /* the last one waits for the first one */
	uint32_t behind;               /* others that wait for them */
	bool proved;                   /* that none of them ever wakes */
	uint32_t like;                 /* the first in the list that stands at the same places */
};

struct deadlocks {
	struct lock_holders holders;
	VEC(struct deadlock) list;
	uint32_t *of; /* by place of the goroutine: place in list of its circle, or NO_DEADLOCK */
};

#define NO_DEADLOCK UINT32_MAX

struct error *deadlocks_find(
	const struct analysis *analysis, struct never_wakes *verdicts, struct deadlocks *ret);
void deadlocks_deinit(struct deadlocks *deadlocks);
