/* Unwinding a goroutine's stack by the function table, as the runtime does it.
 *
 * Sources: Go, runtime/traceback.go (unwinder), stkframe.go. "Link register": arm64 has one.
 */
#pragma once

#include "goroutine.h"

struct frame {
	const struct module *module;
	struct function function;
	addr_t pc;       /* return address, or where it was stopped when it is the innermost */
	addr_t sp;       /* stack pointer at pc */
	addr_t fp;       /* stack pointer of the caller */
	addr_t varp;     /* end of the locals */
	addr_t argp;     /* start of the arguments */
	addr_t continpc; /* where execution goes on; 0: never (it panicked, and nothing is deferred)
			  */
	bool innermost;
	bool trapped; /* stopped by a signal or a fault: pc is the instruction, not a return */
};

struct frames {
	VEC(struct frame) list; /* innermost first */
	bool complete;          /* the last one is the outermost of the goroutine */
};

/* Frames of a goroutine whose position is known; for POSITION_UNKNOWN there are none. Stops at what
 * it cannot read: then `complete` is false. Appends nothing to an error: unwinding never fails. */
void unwind(const struct goruntime *runtime, const struct goroutine *goroutine, struct frames *ret);
void frames_deinit(struct frames *frames);

/* The pc to look up lines for: of the call, not of the instruction behind it. */
addr_t frame_line_pc(const struct frame *frame);
