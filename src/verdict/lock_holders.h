/* Who has what goroutines wait for: for locks, who holds them.
 *
 * Go records no holder of a lock. What there is instead, from strong to weak:
 * - a goroutine has deferred a call with the address of the lock (defer mu.Unlock(); sync.Once does
 *   so itself while its function runs);
 * - its frames lead to the object that the lock is in, or the code of its frames uses the package
 *   variable.
 * The waiters of a lock are not its holders, but for the first kind of evidence: then they wait for
 * themselves.
 *
 * The same is noted of the channels, wait groups and conditions that goroutines wait for that never
 * wake: who of them has one in hand.
 */
#pragma once

#include "lock.h"
#include "never_wakes.h"

enum holds_how {
	HOLDS_REACHES, /* its frames lead there */
	HOLDS_USES,    /* the code of its frames uses the variable */
	HOLDS_DEFERS,  /* it has deferred a call with its address */
};

struct waited_for {
	addr_t address; /* of the lock, channel, wait group or condition */
	node_t node;    /* the object that it is in; NO_NODE: a package variable */
	enum lock_kind lock;
	bool of_channel;
	uint32_t waiters;      /* goroutines */
	uint32_t first_waiter; /* one of them */
	uint32_t first, count; /* in holders */
};

struct lock_holder {
	uint32_t waited_for; /* place in list */
	uint32_t goroutine;
	enum holds_how how;
	const char *function; /* that has deferred the call; NULL: not known */
};

struct lock_holders {
	VEC(struct waited_for) list;
	VEC(struct lock_holder) holders; /* by waited_for; the strongest first, then by goid */
	uint32_t *of_awaited;            /* by place in waits.awaited: place in list, or NO_LOCK */
};

#define NO_LOCK UINT32_MAX

struct error *lock_holders_find(const struct analysis *analysis, const struct never_wakes *verdicts,
	struct lock_holders *ret);
void lock_holders_deinit(struct lock_holders *holders);

/* Those of one, the strongest evidence only: in `ret_count`. */
const struct lock_holder *lock_holders_best(
	const struct lock_holders *holders, uint32_t waited_for, uint32_t *ret_count);

/* "has deferred a call with it" */
const char *holds_how_text(enum holds_how how);
