/* The queues in which goroutines wait: of channels, of conditions, and the table of semaphores.
 *
 * Whoever wakes a goroutine takes its sudog out of the queue first. So a goroutine of which a sudog
 * is in no queue is being woken, whatever its status still says.
 *
 * Sources: Go, runtime/chan.go (waitq), sema.go (semaRoot, notifyList).
 */
#pragma once

#include "addrmap.h"
#include "sudog.h"

struct queued {
	addr_t sudog;
	addr_t g;
	addr_t object; /* what it waits for: a hchan, a semaphore's word, a notifyList */
};

struct wait_queues {
	size_t longest; /* set by the caller: how many goroutines there are */
	VEC(struct queued) list;
	struct addrmap by_sudog; /* sudog -> place in list */
	struct addrmap
		by_g; /* g -> place in list, of those that wait for a semaphore or condition */
	struct addrmap seen; /* channels and notifyLists that were walked */
};

void wait_queues_deinit(struct wait_queues *queues);

/* Adds who waits for a channel; at once when it was added before. */
void wait_queues_add_channel(
	struct wait_queues *queues, const struct goruntime *runtime, addr_t channel);

/* Adds who waits in a notifyList. Nothing when there is none at the address. */
void wait_queues_add_condition(
	struct wait_queues *queues, const struct goruntime *runtime, addr_t notify_list);

/* Adds who waits for a semaphore. False: the table was not found, or cannot be read. */
bool wait_queues_add_semaphores(struct wait_queues *queues, const struct goruntime *runtime);

/* Where a sudog is queued, or NULL. */
const struct queued *wait_queues_sudog(const struct wait_queues *queues, addr_t sudog);

/* The semaphore or condition for which a goroutine waits, or NULL. */
const struct queued *wait_queues_of(const struct wait_queues *queues, addr_t g);
