/* Orphans: goroutines that are woken again and again, and that nobody can tell to end any more.
 *
 * An orphan waits in a select with a channel that would stop it (a stop channel, the Done of a
 * context) beside others; the others still wake it, but nobody who can run has the channel that
 * would stop it, or what could close it. Its owner forgot it: it will run for ever.
 *
 * What looks like it and is none: a loop that is meant to run as long as the program does, and was
 * given a stop channel that nobody keeps. There is one of these, or they share the channel. So only
 * several that stand at the same place count, each with a channel of its own. Who is woken by other
 * than timers may do what others ask him for: he counts only when those like him have their channel
 * in a map from which his is gone.
 */
#pragma once

#include "stuck_groups.h"
#include "wait_ends.h"

enum { ORPHANS_MIN = 3 }; /* at one place, each with a channel of its own */

struct orphans {
	struct wait_ends ends;
	uint64_t *served; /* bits, by place of the goroutine: others than timers wake it */
	uint32_t *key_of; /* by place of the goroutine: the group of its stack, or NO_KEY */
	struct stuck_groups groups;
};

/* Marks them in `verdicts` as well. */
struct error *orphans_find(
	const struct analysis *analysis, struct never_wakes *verdicts, struct orphans *ret);
void orphans_deinit(struct orphans *orphans);
