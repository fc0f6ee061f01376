#include "capture.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture_cleanup.h"
#include "capturer.h"
#include "clock.h"
#include "core_format.h"
#include "core_writer.h"
#include "fault_point.h"
#include "parallel.h"
#include "process.h"
#include "procfs.h"
#include "write_watch.h"

enum {
	MAX_MESSAGE = 512,
	THREAD_STACK = 16 << 10, /* of a C stack, for debuggers */
	SAMPLE_BYTES = 8 << 20,  /* read to find out how fast that is */
	PLAN_TRIES = 20,         /* a running target may change while it is looked at */
};

/* Predicted costs, from ../shared/facts of the project, capture. */
#define STOP_OVERHEAD_NS  1000000ull
#define FORK_NS_PER_GB    35000000ull
#define PRECOPY_NS_PER_GB 1500000ull
#define GB                1000000000ull

const char *const capture_way_names[] = {"auto", "stop", "precopy", "fork"};

static void empty(struct capture_ranges *ranges)
{
	ranges_deinit(&ranges->memory);
	ranges_deinit(&ranges->pieces);
	ranges_deinit(&ranges->unwanted);
}

struct error *capturer_plan(struct capturer *capturer, const struct target *target)
{
	struct capture_ranges planned = {0};
	struct error *error = capturer->plan->choose(capturer->plan->context, target, &planned);

	if (error) {
		empty(&planned);
		return error;
	}
	ranges_normalise(&planned.memory);
	ranges_normalise(&planned.pieces);
	ranges_normalise(&planned.unwanted);
	ranges_subtract(&planned.unwanted, &planned.memory);
	empty(&capturer->planned);
	capturer->planned = planned;
	return NULL;
}

void capturer_add_thread_stacks(const struct capturer *capturer, struct ranges *memory)
{
	const struct target *target = capturer->target;
	addr_t page = CORE_PAGE_SIZE;

	vec_foreach (thread, &target->threads) {
		addr_t sp = thread->registers.sp;
		const struct mapping *mapping = target_mapping(target, sp);

		if (mapping && !ranges_have(&capturer->planned.memory, sp) &&
			!ranges_have(&capturer->planned.unwanted, sp))
			ranges_add(memory, sp & ~(page - 1),
				MIN((sp + THREAD_STACK + page - 1) & ~(page - 1), mapping->end));
	}
	ranges_normalise(memory);
}

uint64_t capturer_reading_ns(const struct capturer *capturer, uint64_t bytes)
{
	const struct memory_source source = {.pid = capturer->target->pid, .mem = -1};
	_cleanup_free_ uint8_t *buffer = memory_alloc(SAMPLE_BYTES);
	uint64_t done = 0, began = clock_now();

	vec_foreach (range, &capturer->planned.memory.list) {
		size_t length = MIN(range->end - range->start, SAMPLE_BYTES - done);

		done += length ? memory_source_read(&source, range->start, buffer + done, length)
			       : 0;
	}
	uint64_t passed = clock_now() - began;
	return done ? passed * (bytes / done + 1) / MIN(parallel_width(), 2u) : 0;
}

void capturer_set_mode(struct capturer *capturer, enum capture_way way, uint64_t began_ns)
{
	struct capture_facts *facts = &capturer->target->capture;

	facts->pause_ns = clock_now() - began_ns;
	snprintf(facts->mode, sizeof(facts->mode), "%s", capture_way_names[way]);
}

/* What speaks against a way here; NULL: nothing. */
static const char *refusal(const struct capturer *capturer, enum capture_way way)
{
	const struct capture_plan *plan = capturer->plan;

	if (way == CAPTURE_STOP)
		return NULL;
	const char *reason = capturer->no_injection;
	if (!reason && way == CAPTURE_PRECOPY && !write_watch_supported())
		reason = "it needs Linux 6.7";
	if (!reason && way == CAPTURE_FORK && (!plan->exit_call || !plan->scratch))
		reason = "its code has no place where a forked copy could end safely";
	return reason;
}

static uint64_t resident_bytes(const struct target *target)
{
	long kilobytes = 0;

	return procfs_status_number(target->pid, "VmRSS", &kilobytes) ? (uint64_t)kilobytes << 10
								      : 0;
}

static uint64_t predicted_pause(const struct capturer *capturer, enum capture_way way)
{
	uint64_t resident = resident_bytes(capturer->target);

	switch (way) {
	case CAPTURE_PRECOPY:
		return STOP_OVERHEAD_NS + resident * (PRECOPY_NS_PER_GB / 1000) / (GB / 1000);
	case CAPTURE_FORK:
		return STOP_OVERHEAD_NS + resident * (FORK_NS_PER_GB / 1000) / (GB / 1000);
	default:
		return STOP_OVERHEAD_NS +
		       capturer_reading_ns(capturer, ranges_bytes(&capturer->planned.memory));
	}
}

/* Stopping costs the target nothing but the pause, so it comes first while that is short enough. */
static const enum capture_way by_harm[] = {CAPTURE_STOP, CAPTURE_PRECOPY, CAPTURE_FORK};

struct choice {
	enum capture_way way;
	uint64_t pause_ns;
};

static struct choice choose_way(const struct capturer *capturer, uint64_t budget)
{
	struct choice best = {.way = CAPTURE_AUTO};

	for (size_t i = 0; i < ARRAY_SIZE(by_harm); i++) {
		if (refusal(capturer, by_harm[i]))
			continue;
		uint64_t pause = predicted_pause(capturer, by_harm[i]);

		if (best.way == CAPTURE_AUTO || pause < best.pause_ns)
			best = (struct choice){by_harm[i], pause};
		if (pause <= budget)
			return (struct choice){by_harm[i], pause};
	}
	return best;
}

static struct error *check_budget(
	const struct capturer *capturer, struct choice choice, uint64_t budget)
{
	const char *reason =
		capturer->options->way == CAPTURE_AUTO ? refusal(capturer, CAPTURE_PRECOPY) : NULL;

	if (choice.pause_ns <= budget || capturer->options->force)
		return NULL;
	return error_create(ERROR_LIMIT,
		"pid %d would stand still for about %.1f ms, and --pause-budget is %.1f ms%s%s%s: use --force, or a larger budget",
		capturer->target->pid, (double)choice.pause_ns / NS_PER_MS,
		(double)budget / NS_PER_MS, reason ? " (no pre-copy: " : "", reason ? reason : "",
		reason ? ")" : "");
}

/* A way that was asked for. Without a budget in numbers its pause was accepted with it. */
static struct error *check_way(const struct capturer *capturer, enum capture_way way)
{
	const char *reason = refusal(capturer, way);

	if (reason)
		return error_create(ERROR_SYSTEM, "--capture=%s is not possible for pid %d: %s",
			capture_way_names[way], capturer->target->pid, reason);
	if (!capturer->options->pause_budget_ns)
		return NULL;
	const struct choice choice = {way, predicted_pause(capturer, way)};
	return check_budget(capturer, choice, capturer->options->pause_budget_ns);
}

static struct error *decide(struct capturer *capturer, enum capture_way *ret)
{
	const struct capture_options *options = capturer->options;
	uint64_t budget =
		options->pause_budget_ns ? options->pause_budget_ns : CAPTURE_PAUSE_BUDGET_NS;

	if (options->way != CAPTURE_AUTO) {
		*ret = options->way;
		return check_way(capturer, options->way);
	}
	struct choice choice = choose_way(capturer, budget);
	TRY(check_budget(capturer, choice, budget));
	*ret = choice.way;
	return NULL;
}

/* A first plan, made of the running target: how much there is to copy. */
static struct error *plan_roughly(struct capturer *capturer)
{
	struct error *error = capturer_plan(capturer, capturer->target);

	for (unsigned i = 0; error && i < PLAN_TRIES; i++) {
		error_destroy(error);
		TRY(process_refresh(capturer->target));
		error = capturer_plan(capturer, capturer->target);
	}
	return error;
}

static struct error *take(struct capturer *capturer)
{
	enum capture_way way;

	TRY(plan_roughly(capturer));
	TRY(decide(capturer, &way));
	if (!capturer->no_injection) /* should it fail, the next capture tries it again */
		error_destroy(
			capture_clear_away(capturer->target->pid, &capturer->plan->idle_sites));
	switch (way) {
	case CAPTURE_PRECOPY:
		return capture_by_precopy(capturer);
	case CAPTURE_FORK:
		return capture_by_fork(capturer);
	default:
		return capture_by_stop(capturer);
	}
}

static struct error *capture(struct capturer *capturer, pid_t pid, int fd)
{
	TRY(process_open(pid, &capturer->target));
	struct target *target = capturer->target;
	struct capture_facts *facts = &target->capture;

	spool_init(&capturer->spool, fd);
	TRY(procfs_auxv(pid, target, &capturer->auxv, &capturer->auxv_length));
	TRY(take(capturer));
	TRY(procfs_check(pid));
	facts->unread_bytes = ranges_bytes(&capturer->spool.missing);
	facts->bytes_read = capturer->spool.bytes_read + ranges_bytes(&capturer->planned.pieces) -
			    facts->unread_bytes;
	return core_write_headers(fd, &(struct core_contents){
					      .target = target,
					      .spool = &capturer->spool,
					      .pieces = &capturer->pieces,
					      .auxv = capturer->auxv,
					      .auxv_length = capturer->auxv_length,
				      });
}

/* How the capturer tells its parent what went wrong: a page that both see. */
struct verdict_page {
	bool failed;
	enum error_code code;
	char message[MAX_MESSAGE];
};

struct capture {
	pid_t pid;
	pid_t parent;
	pid_t capturer;
	struct idle_sites idle_sites;
	const char *no_injection; /* as of struct capturer */
	struct verdict_page *page;
};

static _Noreturn void capturer_main(const struct capture *capture_of,
	const struct capture_plan *plan, const struct capture_options *options, int fd)
{
	struct capturer capturer = {
		.plan = plan, .options = options, .no_injection = capture_of->no_injection};
	struct verdict_page *page = capture_of->page;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != capture_of->parent) /* it has ended before that */
		_exit(1);
	struct error *error = capture(&capturer, capture_of->pid, fd);
	if (error) {
		page->failed = true;
		page->code = error->code;
		snprintf(page->message, sizeof(page->message), "%s", error->message);
	}
	_exit(error ? 1 : 0);
}

static const char *injection_problem(
	pid_t pid, const struct capture_plan *plan, const struct capture_options *options)
{
	if (options->no_inject)
		return "--no-inject";
	if (options->way == CAPTURE_STOP)
		return "--capture=stop";
	return injection_refusal(pid, &plan->idle_sites);
}

struct error *capture_start(pid_t pid, const struct capture_plan *plan,
	const struct capture_options *options, int fd, struct capture **ret)
{
	struct capture *capture = memory_alloc(sizeof(*capture));

	*capture = (struct capture){
		.pid = pid,
		.parent = getpid(),
		.idle_sites = plan->idle_sites,
		.no_injection = injection_problem(pid, plan, options),
	};
	capture->page = mmap(NULL, sizeof(*capture->page), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (capture->page == MAP_FAILED) {
		free(capture);
		return error_system("cannot get memory for the capture");
	}
	capture->capturer = FAULT_POINT("fork_capturer", fork());
	if (capture->capturer == 0)
		capturer_main(capture, plan, options, fd);
	if (capture->capturer < 0) {
		munmap(capture->page, sizeof(*capture->page));
		free(capture);
		return error_system("cannot start the capture");
	}
	*ret = capture;
	return NULL;
}

/* Waits until the capturer has ended. */
static struct error *wait_for_end(const struct capture *capture, int *ret_status)
{
	while (waitpid(capture->capturer, ret_status, 0) < 0) {
		if (errno != EINTR)
			return error_system("cannot wait for the capture of pid %d", capture->pid);
	}
	return NULL;
}

/* What a capture that failed has left is taken away, as far as it can be: the next one tries again.
 */
static void clear_away(const struct capture *capture)
{
	if (!capture->no_injection)
		error_destroy(capture_clear_away(capture->pid, &capture->idle_sites));
}

static struct error *wait_for_capturer(const struct capture *capture)
{
	int status;

	TRY(wait_for_end(capture, &status));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return NULL;
	clear_away(capture);
	if (capture->page->failed)
		return error_create(capture->page->code, "%s", capture->page->message);
	return error_create(ERROR_SYSTEM,
		"the capture of pid %d ended early (wait status %d); the target runs on: try again",
		capture->pid, status);
}

struct error *capture_finish(struct capture *capture)
{
	struct error *error = wait_for_capturer(capture);

	munmap(capture->page, sizeof(*capture->page));
	free(capture);
	return error;
}
