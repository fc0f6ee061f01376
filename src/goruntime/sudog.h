/* What a goroutine waits for in channel operations: one sudog for each channel, several in a
 * select. Since 1.26 also for a semaphore or a notifyList, whose address is `elem`.
 *
 * Source: Go, runtime/runtime2.go (sudog), chan.go (chansend, chanrecv), select.go (selectgo).
 */
#pragma once

#include "goroutine.h"

enum { SUDOGS_MAX = 1 << 16 }; /* select.go: a select has at most 65536 cases */

struct sudog {
	addr_t address;
	addr_t g;         /* who waits */
	addr_t channel;   /* of the hchan; 0: it waits for something else */
	addr_t elem;      /* the value that is sent, or the place for what is received; may be 0 */
	addr_t elem_type; /* of the channel's elements; 0: the channel was not captured */
	bool is_select;
};

/* The sudog at an address; check reader->failed. */
struct sudog sudog_read(struct reader *reader, const struct layout *layout, addr_t address);

typedef void sudog_fn(void *context, const struct sudog *sudog);

/* Those of a goroutine, in the order of g.waiting. Ends at the first that cannot be read, and
 * returns false. */
bool sudogs_each(const struct goruntime *runtime, const struct goroutine *goroutine,
	sudog_fn *visit, void *context);
