#include "capturer.h"

#include <string.h>

#include "capture_room.h"
#include "clock.h"
#include "parallel.h"
#include "procfs.h"
#include "write_watch.h"

enum {
	SAMPLE_BYTES = 8 << 20, /* read to find out how fast that is */
	OVERRUN = 2,            /* a pause may be so many times as long as it should be */
	OVERRUN_ASKED = 10,     /* when the way was asked for, and no budget was given in numbers */
};

/* Predicted costs: measured with bench/capture, rounded up. */
#define STOP_OVERHEAD_NS    1000000ull
#define FORK_NS_PER_GB      35000000ull
#define PRECOPY_NS_PER_GB   1000000ull /* by one processor */
#define GB                  1000000000ull
#define SLOWEST_NS_PER_BYTE 1.0 /* a sample that took longer was disturbed */

/* How many are counted on to read, or to look for what was written: not all processors are ours. */
static uint64_t readers(void)
{
	return MIN(parallel_width(), 2u);
}

/* The time that reading so many bytes of a process that stands still takes here, by trying some of
 * them. */
static uint64_t reading_ns(const struct capturer *capturer, uint64_t bytes)
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
	double expected = done ? (double)passed * (double)bytes / (double)done : 0;
	return (uint64_t)MIN(expected, (double)bytes * SLOWEST_NS_PER_BYTE) / readers();
}

static char *room_refusal(const struct capturer *capturer, enum capture_way way)
{
	const struct target *target = capturer->target;
	struct capture_room room;

	if (capturer->options->force)
		return NULL;
	capture_room("", target->pid, &room);
	return way == CAPTURE_FORK ? fork_room_refusal(target, &room)
				   : precopy_room_refusal(target, &room);
}

/* What speaks against a way here, as malloc()ed text; NULL: nothing. */
static char *refusal(const struct capturer *capturer, enum capture_way way)
{
	const struct capture_plan *plan = capturer->plan;

	if (way == CAPTURE_STOP)
		return NULL;
	if (capturer->no_injection)
		return memory_string(capturer->no_injection);
	if (way == CAPTURE_PRECOPY && !write_watch_supported())
		return memory_string("it needs Linux 6.7");
	if (way == CAPTURE_FORK && !plan->exit_call)
		return memory_string("its code has no place where a forked copy could end safely");
	return room_refusal(capturer, way);
}

static bool possible(const struct capturer *capturer, enum capture_way way)
{
	_cleanup_free_ char *reason = refusal(capturer, way);

	return !reason;
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
		return STOP_OVERHEAD_NS +
		       resident * (PRECOPY_NS_PER_GB / 1000) / (GB / 1000) / readers();
	case CAPTURE_FORK:
		return STOP_OVERHEAD_NS + resident * (FORK_NS_PER_GB / 1000) / (GB / 1000);
	default:
		return STOP_OVERHEAD_NS +
		       reading_ns(capturer, ranges_bytes(&capturer->planned.memory));
	}
}

/* Stopping costs the target nothing but the pause, so it comes first while that is short enough. */
static const enum capture_way by_harm[] = {CAPTURE_STOP, CAPTURE_PRECOPY, CAPTURE_FORK};

struct choice {
	enum capture_way way;
	uint64_t pause_ns;
};

/* CAPTURE_AUTO: none is left. */
static struct choice choose_way(const struct capturer *capturer, unsigned excluded, uint64_t budget)
{
	struct choice best = {.way = CAPTURE_AUTO};

	for (size_t i = 0; i < ARRAY_SIZE(by_harm); i++) {
		if (excluded & 1u << by_harm[i] || !possible(capturer, by_harm[i]))
			continue;
		uint64_t pause = predicted_pause(capturer, by_harm[i]);

		if (best.way == CAPTURE_AUTO || pause < best.pause_ns)
			best = (struct choice){by_harm[i], pause};
		if (pause <= budget)
			return (struct choice){by_harm[i], pause};
	}
	return best;
}

/* Why the ways with short pauses are not possible, in brackets; "" when they are, or were not
 * looked for. */
static char *why_so_long(const struct capturer *capturer)
{
	bool looked = capturer->options->way == CAPTURE_AUTO;
	_cleanup_free_ char *precopy = looked ? refusal(capturer, CAPTURE_PRECOPY) : NULL;
	_cleanup_free_ char *fork = looked ? refusal(capturer, CAPTURE_FORK) : NULL;

	if (precopy && fork && strcmp(precopy, fork))
		return memory_format(" (no pre-copy: %s; no fork: %s)", precopy, fork);
	return precopy ? memory_format(" (no pre-copy: %s)", precopy) : memory_string("");
}

static struct error *check_budget(
	const struct capturer *capturer, struct choice choice, uint64_t budget)
{
	if (choice.pause_ns <= budget || capturer->options->force)
		return NULL;
	_cleanup_free_ char *why = why_so_long(capturer);
	return error_create(ERROR_LIMIT,
		"pid %d would stand still for about %.1f ms, and --pause-budget is %.1f ms%s: use --force, or a larger budget",
		capturer->target->pid, (double)choice.pause_ns / NS_PER_MS,
		(double)budget / NS_PER_MS, why);
}

/* A prediction may be wrong. */
static void limit_pause(struct capturer *capturer, struct choice choice, uint64_t budget)
{
	const struct capture_options *options = capturer->options;
	bool accepted = options->way != CAPTURE_AUTO && !options->pause_budget_ns;

	capturer->pause_limit_ns =
		(accepted ? OVERRUN_ASKED : OVERRUN) * MAX(choice.pause_ns, budget);
	if (options->force)
		capturer->pause_limit_ns = 0;
}

void capturer_limit_copying(struct capturer *capturer, uint64_t began_ns)
{
	capturer->spool.limit_ns =
		capturer->pause_limit_ns ? began_ns + capturer->pause_limit_ns : 0;
}

struct error *capturer_pause_ended(const struct capturer *capturer)
{
	return error_create(ERROR_BUSY,
		"pid %d was let go when it had stood still for %.1f ms, much longer than expected, and nothing was captured: try again, with another --capture, a larger --pause-budget or --force",
		capturer->target->pid, (double)capturer->pause_limit_ns / NS_PER_MS);
}

/* The way that was asked for, if it is possible. Without a budget in numbers its pause was accepted
 * with it; that of pre-copy is short, or something is wrong. */
static struct error *choose_asked(struct capturer *capturer, uint64_t budget, enum capture_way *ret)
{
	enum capture_way way = capturer->options->way;
	_cleanup_free_ char *reason = refusal(capturer, way);

	if (reason)
		return error_create(ERROR_UNSUPPORTED,
			"--capture=%s is not possible for pid %d: %s", capture_way_names[way],
			capturer->target->pid, reason);
	*ret = way;
	const struct choice choice = {way, predicted_pause(capturer, way)};
	if (capturer->options->pause_budget_ns)
		TRY(check_budget(capturer, choice, budget));
	else if (way != CAPTURE_PRECOPY)
		return NULL;
	limit_pause(capturer, choice, budget);
	return NULL;
}

/* Already, by a signal or by the freezer? */
static bool stands_still(pid_t pid)
{
	struct cgroup_room room;

	cgroup_room("", pid, &room);
	return room.frozen || procfs_is_stopped(pid);
}

struct error *capture_choose(struct capturer *capturer, unsigned excluded, enum capture_way *ret)
{
	const struct capture_options *options = capturer->options;
	uint64_t budget =
		options->pause_budget_ns ? options->pause_budget_ns : CAPTURE_PAUSE_BUDGET_NS;

	if (options->way != CAPTURE_AUTO)
		return choose_asked(capturer, budget, ret);
	if (!(excluded & 1u << CAPTURE_STOP) && stands_still(capturer->target->pid)) {
		capturer->pause_limit_ns = 0;
		*ret = CAPTURE_STOP;
		return NULL;
	}
	struct choice choice = choose_way(capturer, excluded, budget);
	TRY(check_budget(capturer, choice, budget));
	limit_pause(capturer, choice, budget);
	*ret = choice.way;
	return NULL;
}
