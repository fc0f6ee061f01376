/* Which goroutines can never wake: proved by reachability.
 *
 * A goroutine that waits for a channel, a lock, a wait group or a condition is woken by a goroutine
 * that has it. So everything is marked that can be reached without the stacks of those who wait;
 * who waits for something that was marked may wake, and what it refers to is marked as well; and so
 * on until nothing changes. Who is left never wakes: nobody who can run, now or later, has what it
 * waits for.
 *
 * Beside their stacks, what else the runtime keeps of those who wait counts as theirs: their g
 * (deferred calls, labels) and their sudogs (the value that is to be sent). A weak pointer counts
 * as a reference. When in doubt, the goroutine is alive: memory that is missing, a wake-up under
 * way.
 *
 * Source: Go, runtime/mgc.go (findMaybeRunnableGoroutines), 1.26 and later.
 */
#pragma once

#include "analysis.h"
#include "gated_reach.h"
#include "paths.h"
#include "waits.h"

enum verdict {
	VERDICT_ALIVE,
	VERDICT_LIKELY, /* by what goroutine_verdicts.h adds to the proof */
	VERDICT_NEVER_WAKES,
};

/* Why. */
enum wake {
	WAKE_RUNS,        /* it runs, or is ready to */
	WAKE_OTHER,       /* a timer, the network or the runtime wakes it */
	WAKE_REACHED,     /* who can run reaches what it waits for */
	WAKE_GLOBAL,      /* what it waits for is no object of the heap: a package variable */
	WAKE_UNDER_WAY,   /* it is being woken, or was read in the middle of a change */
	WAKE_UNSURE,      /* not all of the target's memory was read */
	WAKE_MEANT,       /* the first goroutine waits for ever so that the program does not end */
	WAKE_NEVER_READY, /* a nil channel, or a select without a case */
	WAKE_UNREACHED,   /* nobody who can run has what it waits for */
	WAKE_ALL_ASLEEP,  /* proved by the runtime itself, which ended the program for it */
	WAKE_ORPHAN,      /* VERDICT_LIKELY: orphans.h */
	WAKE_ONE_HOLDER,  /* VERDICT_LIKELY: sole_holders.h */
	WAKE_DEADLOCK,    /* VERDICT_LIKELY or proved: deadlocks.h */
};

struct goroutine_verdict {
	enum verdict verdict;
	enum wake why;
};

struct never_wakes {
	struct goroutine_verdict *of; /* by place in the goroutines of the stacks */
	uint32_t count;               /* of VERDICT_NEVER_WAKES */
	struct waits waits;
	struct gated_reach reach; /* reached: what can run reaches it */
	struct gated_input input; /* closed: the nodes that belong to a goroutine, by its place */
};

struct error *never_wakes_find(const struct analysis *analysis, struct never_wakes **ret);
void never_wakes_destroy(struct never_wakes *verdicts);
DEFINE_CLEANUP(never_wakes)

/* Finds the shortest chain of references by which someone who can run reaches what a goroutine
 * waits for: none of it is the goroutine's own, or leads through the runtime's lists of who waits.
 * From someone who does not wait himself, if there is one; empty when there is no such chain.
 * `awaited`: its place in verdicts->waits.awaited. */
struct error *never_wakes_chain(const struct analysis *analysis, const struct never_wakes *verdicts,
	uint32_t goroutine, uint32_t awaited, struct path *ret);

/* "never-wakes", "likely", "alive" */
const char *verdict_name(enum verdict verdict);

/* A clause that begins with no capital letter: "nobody who can run has the channel". */
const char *wake_text(enum wake why);
