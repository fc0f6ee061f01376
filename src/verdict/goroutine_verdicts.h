/* All that is said of goroutines that wait: what is proved (never_wakes.h), and what is likely.
 * Found once for all kinds of findings and reports.
 */
#pragma once

#include "deadlocks.h"
#include "never_wakes.h"
#include "orphans.h"
#include "sole_holders.h"

struct goroutine_verdicts {
	struct never_wakes *wakes; /* with what was added to it */
	struct deadlocks deadlocks;
	/* Those that never wake. key: the group of their stack; or, of those that wait in a circle,
	 * the number of groups and the place in deadlocks.list. */
	struct stuck_groups stuck;
	struct orphans orphans;
	struct sole_holders holders;
};

struct error *goroutine_verdicts_find(
	const struct analysis *analysis, struct goroutine_verdicts **ret);
void goroutine_verdicts_destroy(struct goroutine_verdicts *verdicts);
DEFINE_CLEANUP(goroutine_verdicts)
