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
#include "capture_room.h"
#include "capturer.h"
#include "clock.h"
#include "core_format.h"
#include "core_writer.h"
#include "fault_point.h"
#include "priority.h"
#include "process.h"
#include "procfs.h"

enum {
	MAX_MESSAGE = 512,
	THREAD_STACK = 16 << 10, /* of a C stack, for debuggers */
	PLAN_TRIES = 20,         /* a running target may change while it is looked at */
};

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

void capturer_forget_plan(struct capturer *capturer)
{
	empty(&capturer->planned);
}

struct error *capturer_write_headers(const struct capturer *capturer)
{
	capturer->target->capture.contents = capturer->plan->contents;
	return core_write_headers(capturer->spool.fd, &(struct core_contents){
							      .target = capturer->target,
							      .spool = &capturer->spool,
							      .pieces = &capturer->pieces,
						      });
}

void capturer_add_thread_stacks(const struct capturer *capturer, struct ranges *memory)
{
	const struct target *target = capturer->target;

	vec_foreach (thread, &target->threads) {
		addr_t sp = thread->registers.sp;
		const struct mapping *mapping = target_mapping(target, sp);

		if (mapping && !ranges_have(&capturer->planned.memory, sp) &&
			!ranges_have(&capturer->planned.unwanted, sp))
			ranges_add(memory, page_down(sp),
				MIN(page_up(sp + THREAD_STACK), mapping->end));
	}
	ranges_normalise(memory);
}

void capturer_set_mode(struct capturer *capturer, enum capture_way way, uint64_t began_ns)
{
	struct capture_facts *facts = &capturer->target->capture;

	facts->pause_ns = clock_now() - began_ns;
	snprintf(facts->mode, sizeof(facts->mode), "%s", capture_way_names[way]);
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

static struct error *take_by(struct capturer *capturer, enum capture_way way)
{
	switch (way) {
	case CAPTURE_PRECOPY:
		return capture_by_precopy(capturer);
	case CAPTURE_FORK:
		return capture_by_fork(capturer);
	default:
		return capture_by_stop(capturer);
	}
}

/* What a way that was given up has left. */
static struct error *start_again(struct capturer *capturer)
{
	int fd = capturer->spool.fd;

	spool_deinit(&capturer->spool);
	spool_init(&capturer->spool, fd);
	pieces_deinit(&capturer->pieces);
	capturer->target->threads.count = 0;
	if (FAULT_POINT("ftruncate", ftruncate(fd, 0)) < 0)
		return error_system("cannot empty the file of the captured memory");
	return process_refresh(capturer->target);
}

/* The way to capture, another one when `given_up` (owned) says why the last was given up; that is
 * the error when there is no other. */
static struct error *next_way(
	struct capturer *capturer, unsigned excluded, struct error *given_up, enum capture_way *ret)
{
	struct error *error = given_up ? start_again(capturer) : NULL;

	if (!error)
		error = capture_choose(capturer, excluded, ret);
	if (!error && *ret == CAPTURE_AUTO)
		return given_up;
	if (error && given_up)
		error = error_context(error, "%s", given_up->message);
	error_destroy(given_up);
	return error;
}

/* Before the target stands still for what does not fit. */
static struct error *check_spool_room(const struct capturer *capturer)
{
	_cleanup_free_ char *refusal = capturer->options->force
					       ? NULL
					       : spool_room_refusal(capturer->spool.fd,
							 ranges_bytes(&capturer->planned.memory));

	return refusal ? error_create(ERROR_SYSTEM, "%s (or --force)", refusal) : NULL;
}

/* Should it fail, the next capture tries it again. */
static struct error *take_away_leftovers(const struct capturer *capturer)
{
	struct error *error = capturer->no_injection ? NULL
						     : capture_clear_away(capturer->target->pid,
							       &capturer->plan->idle_sites);

	if (error && error->code == ERROR_SYSTEM)
		return error;
	error_destroy(error);
	return NULL;
}

/* A way may turn out not to be possible at this moment: then another, each of them once. */
static struct error *take(struct capturer *capturer)
{
	struct error *error = NULL;
	unsigned excluded = 0;

	TRY(plan_roughly(capturer));
	TRY(check_spool_room(capturer));
	TRY(take_away_leftovers(capturer));
	for (;;) {
		enum capture_way way;

		TRY(next_way(capturer, excluded, error, &way));
		error = take_by(capturer, way);
		if (!error || error->code != ERROR_BUSY || capturer->options->way != CAPTURE_AUTO)
			return error;
		excluded |= 1u << way;
	}
}

static struct error *capture(struct capturer *capturer, pid_t pid, int fd)
{
	TRY(process_open(pid, &capturer->target));
	struct target *target = capturer->target;
	struct capture_facts *facts = &target->capture;

	process_note_facts(target);
	priority_take_short_turns();
	spool_init(&capturer->spool, fd);
	TRY(take(capturer));
	TRY(residency_read(target, &target->residency));
	TRY(procfs_check(pid));
	facts->unread_bytes = ranges_bytes(&capturer->spool.missing);
	facts->copy_ns = capturer->spool.copy_ns;
	facts->bytes_read = capturer->spool.bytes_read + ranges_bytes(&capturer->planned.pieces) -
			    facts->unread_bytes;
	return capturer_write_headers(capturer);
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

/* A terminal's stop signals go to the capturer as well, and it would keep the target stopped until
 * silt goes on. Without it silt alone stops. */
static void ignore_job_control(void)
{
	signal(SIGTSTP, SIG_IGN);
	signal(SIGTTIN, SIG_IGN);
	signal(SIGTTOU, SIG_IGN);
}

static _Noreturn void capturer_main(const struct capture *capture_of,
	const struct capture_plan *plan, const struct capture_options *options, int fd)
{
	struct capturer capturer = {
		.plan = plan, .options = options, .no_injection = capture_of->no_injection};
	struct verdict_page *page = capture_of->page;

	ignore_job_control();
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
	if (procfs_has_ended(capture->pid))
		return error_create(
			ERROR_GONE, "pid %d has ended while it was captured", capture->pid);
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
