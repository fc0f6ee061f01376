/* Capturing a live process into a core file: stop, read, let go.
 *
 * A process of its own does it (the capturer), so that whatever becomes of silt or of it, the
 * kernel lets the target go. Nothing is written to the target. What must be copied is the caller's
 * knowledge: a capture_plan is asked while the target is stopped.
 *
 * Order: seize and interrupt all threads; read registers and mappings; ask the plan; copy; detach;
 * only then write the headers of the core file.
 */
#pragma once

#include "error.h"
#include "ranges.h"
#include "target.h"

struct capture_plan {
	/* `stopped` has mappings and threads, and reads through a cache. `memory` takes whole
	 * pages, `pieces` what is smaller; both come empty. Runs in the capturer while the target
	 * stands still: be quick. */
	struct error *(*choose)(void *context, const struct target *stopped, struct ranges *memory,
		struct ranges *pieces);
	void *context;
};

struct capture;

/* Starts to capture `pid` into `fd`, an empty file open for writing. Call it while this process has
 * one thread: the capturer is a fork of it. */
struct error *capture_start(
	pid_t pid, const struct capture_plan *plan, int fd, struct capture **ret);

/* Waits until it is done. The target runs again before that. Frees. */
struct error *capture_finish(struct capture *capture);
