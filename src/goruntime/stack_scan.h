/* The roots in a goroutine's stack: every word that the collector would follow from it.
 *
 * Frames are scanned by their maps; a frame that was stopped at an instruction that has no map (by
 * preemption, or because its thread was running), conservatively; what cannot be unwound, and a
 * stack that is being copied, left or entered (its pointers into itself may still lead to the old
 * one, its frames may be none), conservatively as a whole. Variables whose address is taken are
 * alive only when something alive points to them. Source: Go, runtime/mgcmark.go (scanstack,
 * scanframeworker), stack.go (copystack).
 */
#pragma once

#include "unwind.h"

enum { NO_FRAME = UINT32_MAX };

struct stack_word {
	addr_t at;         /* where the word is; 0: in a register */
	addr_t value;      /* never 0, and never an address in the same stack */
	uint32_t frame;    /* place in frames; NO_FRAME: held by the goroutine itself */
	bool conservative; /* it may not be a pointer at all */
};

typedef void stack_word_fn(void *context, const struct stack_word *word);

/* `frames` as unwind() gave them. Returns false when (part of) the stack was not captured. */
bool stack_scan(const struct goruntime *runtime, const struct goroutine *goroutine,
	const struct frames *frames, stack_word_fn *visit, void *context);
