/* What every goroutine waits for, as far as other goroutines can end the wait.
 *
 * Source: Go, runtime/runtime2.go (wait reasons), proc.go (gopark, goready), chan.go, select.go,
 * sema.go.
 */
#pragma once

#include "heap.h"
#include "wait_queues.h"

struct awaited {
	addr_t sudog;
	addr_t object; /* a hchan, a semaphore's word, a notifyList */
	addr_t elem;   /* of a channel operation: the value, or the place for it; else 0 */
};

struct goroutine_wait {
	enum wait_kind kind; /* WAIT_OTHER: also when it does not wait */
	/* Each sudog is in the queue where it must be: nobody is waking the goroutine right now. */
	bool settled;
	uint32_t first, count; /* in waits.awaited; none of WAIT_OTHER and WAIT_FOREVER */
};

struct waits {
	struct goroutine_wait *of; /* by place in goroutines */
	VEC(struct awaited) awaited;
	bool semaphores_missing; /* their table was not found */
};

void waits_load(const struct heap *heap, const struct goroutines *goroutines, struct waits *ret);
void waits_deinit(struct waits *waits);
