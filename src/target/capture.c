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
	if (capturer->options->no_inject)
		return "--no-inject";
	const char *reason = injection_refusal(capturer->target->pid, &plan->idle_sites);
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

static struct error *over_budget(
	const struct capturer *capturer, struct choice choice, uint64_t budget)
{
	const char *reason = refusal(capturer, CAPTURE_PRECOPY);

	return error_create(ERROR_LIMIT,
		"pid %d would stand still for about %llu ms, and --pause-budget is %llu ms%s%s: use --force, or a larger budget",
		capturer->target->pid, (unsigned long long)(choice.pause_ns / NS_PER_MS),
		(unsigned long long)(budget / NS_PER_MS), reason ? " (no pre-copy: " : "",
		reason ? memory_format("%s)", reason) : "");
}

static struct error *decide(struct capturer *capturer, enum capture_way *ret)
{
	const struct capture_options *options = capturer->options;
	uint64_t budget =
		options->pause_budget_ns ? options->pause_budget_ns : CAPTURE_PAUSE_BUDGET_NS;

	if (options->way != CAPTURE_AUTO) {
		const char *reason = refusal(capturer, options->way);

		*ret = options->way;
		return reason ? error_create(ERROR_SYSTEM,
					"--capture=%s is not possible for pid %d: %s",
					capture_way_names[options->way], capturer->target->pid,
					reason)
			      : NULL;
	}
	struct choice choice = choose_way(capturer, budget);
	if (choice.pause_ns > budget && !options->force)
		return over_budget(capturer, choice, budget);
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
	pid_t capturer;
	struct idle_sites idle_sites;
	struct descriptors userfaults; /* of the target, before the capture */
	struct verdict_page *page;
};

static _Noreturn void capturer_main(const struct capture *capture_of,
	const struct capture_plan *plan, const struct capture_options *options, int fd)
{
	struct capturer capturer = {.plan = plan, .options = options};
	struct verdict_page *page = capture_of->page;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	struct error *error = capture(&capturer, capture_of->pid, fd);
	if (error) {
		page->failed = true;
		page->code = error->code;
		snprintf(page->message, sizeof(page->message), "%s", error->message);
	}
	_exit(error ? 1 : 0);
}

struct error *capture_start(pid_t pid, const struct capture_plan *plan,
	const struct capture_options *options, int fd, struct capture **ret)
{
	struct capture *capture = memory_alloc(sizeof(*capture));

	*capture = (struct capture){.pid = pid, .idle_sites = plan->idle_sites};
	capture->page = mmap(NULL, sizeof(*capture->page), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (capture->page == MAP_FAILED) {
		free(capture);
		return error_system("cannot get memory for the capture");
	}
	capture_find_userfaults(pid, &capture->userfaults);
	capture->capturer = fork();
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

/* The capturer was killed: what it may have left in the target is taken away. */
static struct error *clear_away(const struct capture *capture)
{
	if (!capture->idle_sites.count)
		return NULL;
	TRY(capture_reap(capture->pid, &capture->idle_sites));
	return capture_close_userfaults(capture->pid, &capture->idle_sites, &capture->userfaults);
}

static struct error *wait_for_capturer(const struct capture *capture)
{
	int status;

	while (waitpid(capture->capturer, &status, 0) < 0) {
		if (errno != EINTR)
			return error_system("cannot wait for the capture of pid %d", capture->pid);
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return NULL;
	if (capture->page->failed)
		return error_create(capture->page->code, "%s", capture->page->message);
	error_destroy(clear_away(capture));
	return error_create(ERROR_SYSTEM,
		"the capture of pid %d ended early (wait status %d); the target runs on",
		capture->pid, status);
}

struct error *capture_finish(struct capture *capture)
{
	struct error *error = wait_for_capturer(capture);

	munmap(capture->page, sizeof(*capture->page));
	free(capture);
	return error;
}
