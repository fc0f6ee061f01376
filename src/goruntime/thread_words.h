/* The words that threads have in their registers and on stacks that are no goroutine's: those of
 * the scheduler and of signal handlers.
 *
 * The collector never looks at them, because it stops threads where they hold nothing. A program
 * that is stopped from outside may hold there the only reference to something: a timer that was
 * taken off its heap to be run, a function that is about to become a goroutine.
 *
 * Source: Go, runtime/proc.go (systemstack, mcall), time.go (unlockAndRun), signal_unix.go.
 */
#pragma once

#include "goroutine.h"
#include "ranges.h"

typedef void thread_word_fn(void *context, addr_t value);

/* Each may be anything. What was not captured is left out. */
void thread_words_each(const struct goruntime *runtime, const struct goroutines *goroutines,
	thread_word_fn *visit, void *context);

/* The memory that it looks at, without what is known to be a goroutine's. */
void thread_words_memory(
	const struct goruntime *runtime, const struct goroutines *goroutines, struct ranges *ret);
