/* Capturing a live process into a core file, in one of three ways.
 *
 * - stop: stop all threads, copy, let go. Nothing is injected. The pause goes with the memory.
 * - precopy: copy while the target runs, watch what it writes (write_watch.h), stop it only for the
 * rest.
 * - fork: stop it, make it fork, let it go, and copy from the child, which stands still.
 *
 * The one with the shortest pause that is possible is chosen, unless a way is asked for. A process
 * of its own does it (the capturer), so that whatever becomes of silt or of it, the kernel lets the
 * target go. What must be copied is the caller's knowledge: a capture_plan is asked.
 */
#pragma once

#include "error.h"
#include "inject.h"
#include "ranges.h"
#include "target.h"

/* What a plan says. All come empty. */
struct capture_ranges {
	struct ranges memory; /* whole pages */
	struct ranges pieces; /* what is smaller */
	struct ranges
		unwanted; /* pages that must not be in the capture, but for those of `memory` */
};

enum { CAPTURE_SCRATCH = 64 };

struct capture_plan {
	/* Asked of the target as it stands still, as it runs (then what it says may be out of date,
	 * and it may fail), and of the capture itself. `target` has mappings, threads if it stands
	 * still, and reads through a cache. Runs in the capturer: be quick. */
	struct error *(*choose)(
		void *context, const struct target *target, struct capture_ranges *ret);
	void *context;
	bool contents;                /* objects without pointers are chosen too */
	struct idle_sites idle_sites; /* where calls may be injected; none: nowhere */
	addr_t exit_call; /* code that ends a process and needs no stack; 0: not known */
	/* CAPTURE_SCRATCH bytes of writable memory that the program does not use; 0: none. */
	addr_t scratch;
	/* Where the stack ends that a thread stands on, as it is now; 0: that is not known. */
	addr_t (*stack_floor)(
		void *context, const struct target *target, const struct registers *registers);
};

enum capture_way { CAPTURE_AUTO, CAPTURE_STOP, CAPTURE_PRECOPY, CAPTURE_FORK };

struct capture_options {
	enum capture_way way;
	uint64_t pause_budget_ns; /* 0: the default */
	bool force;               /* capture although the pause will be longer */
	bool no_inject;           /* never write registers or memory of the target */
};

#define CAPTURE_PAUSE_BUDGET_NS 10000000ull

/* "auto", "stop", "precopy", "fork". */
extern const char *const capture_way_names[CAPTURE_FORK + 1];

/* Writes a core file again into `fd`, as a snapshot: what the plan wants of it. Adds to the
 * mappings of `core` those that have no file. */
struct error *capture_core(struct target *core, const struct capture_plan *plan, int fd);

struct capture;

/* Starts to capture `pid` into `fd`, an empty file open for writing. Call it while this process has
 * one thread: the capturer is a fork of it. */
struct error *capture_start(pid_t pid, const struct capture_plan *plan,
	const struct capture_options *options, int fd, struct capture **ret);

/* Waits until it is done. The target runs again before that. Frees. */
struct error *capture_finish(struct capture *capture);
