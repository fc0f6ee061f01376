/* Work on more than one thread.
 *
 * The workers share nothing but what the context points to; the call returns when all have ended,
 * and with the first error that one of them returned (the others' errors are destroyed).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

typedef struct error *parallel_fn(void *context, unsigned worker);

enum { MAX_WORKERS = 16 };

/* As many workers as there are processors to run them, between 1 and MAX_WORKERS. */
unsigned parallel_width(void);

/* Calls work(context, 0) to work(context, width - 1), each on a thread of its own. */
struct error *parallel_run(unsigned width, parallel_fn *work, void *context);

/* Work that the workers share: the numbers below `count`. */
struct parallel_share {
	uint64_t count;
	uint64_t next; /* atomic: the first that nobody has taken */
};

/* The next `at_once` of them, or fewer at the end, are the caller's. False: none is left. */
static inline bool parallel_take(
	struct parallel_share *share, uint64_t at_once, uint64_t *ret_first, uint64_t *ret_end)
{
	uint64_t first = __atomic_fetch_add(&share->next, at_once, __ATOMIC_RELAXED);

	*ret_first = first;
	*ret_end = first + at_once < share->count ? first + at_once : share->count;
	return first < share->count;
}

/* Starts work(context, 0) in the background. parallel_join() waits for it and returns its error. */
struct parallel_task;
struct error *parallel_start(parallel_fn *work, void *context, struct parallel_task **ret);
struct error *parallel_join(struct parallel_task *task);
