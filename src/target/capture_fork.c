/* Make the target fork, let it go, and copy from the child, which stands still.
 *
 * The child is a process without threads of its own that never runs: it is born stopped, and killed
 * when it has been copied. Should this process end before, the kernel kills it (PTRACE_O_EXITKILL),
 * or it runs into exit_group: the stack that it was given consists of return addresses to that. Its
 * zombie belongs to the target, so the target is made to wait for it. Descriptors are shared with
 * it (CLONE_FILES), so that its end closes none.
 */
#include "capturer.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture_cleanup.h"
#include "clock.h"
#include "fault_point.h"
#include "parallel.h"
#include "process.h"
#include "procfs.h"

enum {
	/* Of the copy's stack: runtime.futex writes at +48 and pops at 0, runtime.usleep pops at
	   +24. */
	STACK_WORDS = CAPTURE_SCRATCH / sizeof(addr_t),
	RED_ZONE =
		128, /* bytes below its stack pointer that C code may use (System V ABI, amd64) */
	STACK_ALIGNMENT = 16,
	MAX_TRIES = 20,
	TRY_AGAIN_MS = 2,
};

struct fork_capture {
	struct capturer *capturer;
	pid_t child;
	int mem;
};

static struct error *write_stack(const struct capturer *capturer, addr_t stack)
{
	const struct capture_plan *plan = capturer->plan;
	addr_t words[STACK_WORDS];
	struct iovec local = {words, sizeof(words)};
	struct iovec remote = {(void *)(uintptr_t)stack, sizeof(words)};

	for (unsigned i = 0; i < STACK_WORDS; i++)
		words[i] = plan->exit_call;
	if (FAULT_POINT("write_stack", process_vm_writev(capturer->target->pid, &local, 1, &remote,
					       1, 0)) != sizeof(words))
		return error_system("cannot prepare the fork of pid %d", capturer->target->pid);
	return NULL;
}

/* A place for the copy's stack: what lies below a thread's stack pointer is used by nobody, if only
 * the stack goes on so far. 0: it does not. */
static addr_t below_stack(const struct capturer *capturer, pid_t tid)
{
	const struct capture_plan *plan = capturer->plan;
	struct registers registers;

	if (!stop_registers(tid, &registers))
		return 0;
	addr_t floor = plan->stack_floor(plan->context, capturer->target, &registers);
	addr_t place = (registers.sp - RED_ZONE - CAPTURE_SCRATCH) & ~(addr_t)(STACK_ALIGNMENT - 1);

	return floor && registers.sp > RED_ZONE + CAPTURE_SCRATCH && place >= floor ? place : 0;
}

/* A thread that can be made to fork, and the copy's stack. */
struct candidate {
	const struct capturer *capturer;
	struct injection *injection;
	addr_t stack;
};

static bool try_candidate(void *context, pid_t tid)
{
	struct candidate *candidate = context;
	const struct capture_plan *plan = candidate->capturer->plan;

	candidate->injection = injection_at(tid, &plan->idle_sites);
	if (!candidate->injection)
		return false;
	candidate->stack = plan->scratch ? plan->scratch : below_stack(candidate->capturer, tid);
	if (!candidate->stack)
		injection_destroy(take_pointer(candidate->injection));
	return candidate->stack != 0;
}

/* Stops the target at a moment when one of its threads can be used. Pauses that take too long are
 * few. */
static struct error *stop_with_candidate(
	const struct capturer *capturer, struct stop **ret_stop, struct candidate *ret)
{
	unsigned ended = 0;

	for (unsigned i = 0; i < MAX_TRIES; i++) {
		_cleanup_(cleanup_stop) struct stop *stop = NULL;
		struct candidate candidate = {.capturer = capturer};

		struct error *error =
			stop_create(capturer->target->pid, capturer->pause_limit_ns, &stop);
		if (error && error->code != ERROR_BUSY)
			return error;
		ended += error != NULL;
		error_destroy(error);
		if (ended == MAX_ENDED_PAUSES)
			return capturer_pause_ended(capturer);
		if (stop && stop_find(stop, try_candidate, &candidate)) {
			*ret_stop = take_pointer(stop);
			*ret = candidate;
			return NULL;
		}
		stop_destroy(take_pointer(stop));
		nanosleep(&(struct timespec){.tv_nsec = TRY_AGAIN_MS * (long)NS_PER_MS}, NULL);
	}
	return error_create(ERROR_BUSY,
		"no thread of pid %d was free to be used for the fork: try again, or --capture=stop",
		capturer->target->pid);
}

static struct error *make_child(struct fork_capture *capture)
{
	struct capturer *capturer = capture->capturer;
	struct target *target = capturer->target;
	_cleanup_(cleanup_stop) struct stop *stop = NULL;
	struct candidate candidate = {0};

	TRY(stop_with_candidate(capturer, &stop, &candidate));
	_cleanup_(cleanup_injection) struct injection *injection = candidate.injection;
	TRY(write_stack(capturer, candidate.stack));
	target->capture.monotonic_ns = clock_now();
	TRY(stop_threads(stop, target));
	TRY(injection_fork(injection, CLONE_FILES | CLONE_FS, candidate.stack, &capture->child));
	uint64_t began = stop_began_ns(stop);
	injection_destroy(take_pointer(injection));
	stop_release(stop);
	capturer_set_mode(capturer, CAPTURE_FORK, began);
	return NULL;
}

/* The first to go when memory becomes short. */
static void offer_to_oom_killer(pid_t child)
{
	static const char score[] = "1000";
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", child);
	_cleanup_close_ int fd = FAULT_POINT("open_oom", open(path, O_WRONLY | O_CLOEXEC));
	if (fd >= 0 && write(fd, score, sizeof(score) - 1) < 0)
		return; /* a kindness, not a need */
}

static struct error *adopt_child(struct fork_capture *capture)
{
	char path[64];
	int status;

	if (FAULT_POINT("waitpid", waitpid(capture->child, &status, __WALL)) != capture->child ||
		!WIFSTOPPED(status))
		return error_create(ERROR_SYSTEM, "the forked copy of pid %d has ended",
			capture->capturer->target->pid);
	FAULT_POINT("setoptions",
		ptrace(PTRACE_SETOPTIONS, capture->child, NULL, (void *)PTRACE_O_EXITKILL));
	offer_to_oom_killer(capture->child);
	snprintf(path, sizeof(path), "/proc/%d/mem", capture->child);
	capture->mem = FAULT_POINT("open_mem", open(path, O_RDONLY | O_CLOEXEC));
	if (capture->mem < 0)
		return error_system("cannot open %s", path);
	return NULL;
}

/* A copy that has been killed reads as if it had no memory. */
static struct error *check_child(const struct fork_capture *capture)
{
	struct error *error = procfs_check(capture->child);

	if (!error)
		return NULL;
	error_destroy(error);
	return error_create(ERROR_SYSTEM,
		"the forked copy of pid %d was killed while it was read, probably because memory is short: try --capture=precopy or stop",
		capture->capturer->target->pid);
}

static struct error *copy_child(struct fork_capture *capture)
{
	struct capturer *capturer = capture->capturer;
	const struct memory_source source = {.pid = capture->child,
		.mem = capture->mem,
		.workers = parallel_width(),
		.steps_aside = true};

	TRY(process_read_from(capturer->target, &source));
	TRY(capturer_plan(capturer, capturer->target));
	capturer_add_thread_stacks(capturer, &capturer->planned.memory);
	TRY(spool_copy(&capturer->spool, &source, &capturer->planned.memory));
	pieces_init(&capturer->pieces, &capturer->planned.pieces);
	pieces_read(&capturer->pieces, &source, NULL);
	return check_child(capture);
}

static void end_child(const struct fork_capture *capture)
{
	int status;

	/* Without CAP_KILL another user's process cannot be killed: it runs into its exit. */
	if (FAULT_POINT("kill_copy", kill(capture->child, SIGKILL)) < 0)
		FAULT_POINT("cont", ptrace(PTRACE_CONT, capture->child, NULL, NULL));
	while (FAULT_POINT("waitpid", waitpid(capture->child, &status, __WALL)) > 0 &&
		WIFSTOPPED(status))
		FAULT_POINT("cont", ptrace(PTRACE_CONT, capture->child, NULL, NULL));
}

struct error *capture_by_fork(struct capturer *capturer)
{
	struct fork_capture capture = {.capturer = capturer, .mem = -1};
	struct error *error = make_child(&capture);

	if (!capture.child)
		return error;
	if (!error)
		error = adopt_child(&capture);
	if (!error)
		error = copy_child(&capture);
	if (capture.mem >= 0)
		close(capture.mem);
	end_child(&capture);
	struct error *left = capture_reap(capturer->target->pid, &capturer->plan->idle_sites);
	if (!error)
		return left;
	error_destroy(left);
	return error;
}
