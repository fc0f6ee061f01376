/* Functions with what they captured that lie on a goroutine's stack: above all the calls that it
 * has deferred. `defer mu.Unlock()` leaves the address of a function of the compiler's and behind
 * it that of mu in the frame, and so does `defer close(c)`.
 *
 * The functions that the goroutine is in are left out: what they captured is theirs.
 *
 * Any two words may look so by chance, and what was there before may still be: this is evidence,
 * no proof. Source: Go, cmd/compile/internal/walk (closures), internal/ssagen (open-coded defers).
 */
#pragma once

#include "goroutine.h"

struct stack_closure {
	addr_t at;               /* where it lies */
	addr_t entry;            /* of its function */
	addr_t captured;         /* the first word that it captured; 0 where it captured nothing */
	bool in_heap;            /* or in read-only memory: the word at `at` leads to it */
	const char *deferred_by; /* whose frame it is in, if that function has deferred calls */
};

typedef void stack_closure_fn(void *context, const struct stack_closure *closure);

void stack_closures_each(const struct goruntime *runtime, const struct goroutine *goroutine,
	stack_closure_fn *visit, void *context);

/* Calls for every word of the stack, whatever it is. */
typedef void stack_any_word_fn(void *context, addr_t word);
void stack_words_each(const struct goruntime *runtime, const struct goroutine *goroutine,
	stack_any_word_fn *visit, void *context);
