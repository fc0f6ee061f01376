/* What the ways to capture share; only capture.c and capture_*.c use it. */
#pragma once

#include "capture.h"
#include "pieces.h"
#include "spool.h"
#include "stop.h"

enum { MAX_ENDED_PAUSES = 3 }; /* because they take too long; of one way to capture */

struct capturer {
	const struct capture_plan *plan;
	const struct capture_options *options;
	const char *no_injection; /* why no call may be injected; NULL: it may */
	uint64_t pause_limit_ns;  /* a pause that gets longer is ended, ERROR_BUSY; 0: it is not */
	struct target *target;    /* the process; mappings and threads as at the stop */
	struct capture_ranges planned;
	struct spool spool;
	struct pieces pieces;
};

/* Asks the plan anew. `target` NULL: the process as it is now. */
struct error *capturer_plan(struct capturer *capturer, const struct target *target);

void capturer_forget_plan(struct capturer *capturer);

/* Makes what was copied a core file. */
struct error *capturer_write_headers(const struct capturer *capturer);

/* The top of each thread's stack, where it is not in what is planned: debuggers want to show it. */
void capturer_add_thread_stacks(const struct capturer *capturer, struct ranges *memory);

/* Each takes memory, pieces and threads, and sets mode and pause. The target runs when they return.
 */
struct error *capture_by_stop(struct capturer *capturer);
struct error *capture_by_precopy(struct capturer *capturer);
struct error *capture_by_fork(struct capturer *capturer);

/* The way to capture, but none of `excluded` (bits); CAPTURE_AUTO: there is no other. Sets the
 * limit of its pause. */
struct error *capture_choose(struct capturer *capturer, unsigned excluded, enum capture_way *ret);

/* Of a pause that began then: copying that goes beyond its limit is given up. */
void capturer_limit_copying(struct capturer *capturer, uint64_t began_ns);

/* That the pause was ended: the target was let go, and nothing came of it. */
struct error *capturer_pause_ended(const struct capturer *capturer);

void capturer_set_mode(struct capturer *capturer, enum capture_way way, uint64_t began_ns);
