#include "diff.h"

#include <errno.h>
#include <time.h>

#include "clock.h"
#include "inventory.h"
#include "progress.h"
#include "same_process.h"

/* The snapshots before the last one, oldest first. */
struct series {
	struct moment *first;
	VEC(struct baseline *) steps; /* the first is that of `first` */
};

static void series_deinit(struct series *series)
{
	for (size_t i = 1; i < series->steps.count; i++)
		baseline_destroy(series->steps.items[i]);
	vec_deinit(&series->steps);
	moment_destroy(series->first);
}

static struct error *open_target(
	const struct invocation *invocation, const char *target, struct analysis **ret)
{
	const struct analysis_options options = {
		.program = {.exe = invocation->exe, .capture = invocation->capture},
		.progress = progress_phase,
	};
	_cleanup_(cleanup_analysis) struct analysis *analysis = NULL;

	TRY(analysis_open(target, &options, &analysis));
	if (invocation->every_ns && analysis->program->target->kind != TARGET_PROCESS)
		return error_create(ERROR_USAGE,
			"--every takes snapshots of a running process, and %s is none", target);
	*ret = take_pointer(analysis);
	return NULL;
}

/* Is it the process of the snapshots before? */
static struct error *check_same(const struct series *series, const struct analysis *analysis)
{
	return series->first ? same_process(series->first->baseline->program, analysis->program)
			     : NULL;
}

/* Of the first snapshot objects are kept, of the others only sums. */
static struct error *add_step(struct series *series, struct analysis *analysis)
{
	_cleanup_(cleanup_analysis) struct analysis *owned = analysis;
	_cleanup_(cleanup_inventory) struct inventory *inventory = NULL;
	struct baseline *baseline;

	TRY(check_same(series, analysis));
	if (!series->first) {
		TRY(moment_take(take_pointer(owned), &series->first));
		vec_push(&series->steps, series->first->baseline);
		return NULL;
	}
	TRY(inventory_take(analysis, &inventory));
	TRY(baseline_take(take_pointer(owned), &inventory->maps, &baseline));
	baseline_forget_objects(baseline);
	vec_push(&series->steps, baseline);
	return NULL;
}

static struct error *compare(const struct invocation *invocation, const struct series *series,
	const struct analysis *last, uint64_t began_ns, struct view **ret)
{
	const struct view_options options = {.limit = invocation->limit, .began_ns = began_ns};
	_cleanup_(cleanup_inventory) struct inventory *inventory = NULL;
	_cleanup_(cleanup_growth) struct growth *growth = NULL;

	TRY(check_same(series, last));
	progress_phase(NULL, "comparing");
	TRY(inventory_take(last, &inventory));
	TRY(growth_find(series->steps.items, series->steps.count, last, &inventory->maps, &growth));
	const struct diff diff = {.first = series->first, .growth = growth, .inventory = inventory};
	return view_diff(&diff, &options, ret);
}

static void wait_until(uint64_t ns)
{
	const struct timespec until = {
		.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S)};

	progress_phase(NULL, "waiting for the next snapshot");
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		continue;
}

/* The target of a snapshot, when its time has come. */
static const char *target_at(const struct invocation *invocation, unsigned place, uint64_t began_ns)
{
	if (!invocation->every_ns)
		return place ? invocation->what : invocation->target;
	if (place)
		wait_until(began_ns + place * invocation->every_ns);
	return invocation->target;
}

static struct error *run(
	const struct invocation *invocation, struct series *series, struct view **ret)
{
	unsigned last = invocation->times ? invocation->times - 1 : 1;
	uint64_t began = clock_now(), opened = began;

	for (unsigned i = 0;; i++) {
		const char *target = target_at(invocation, i, began);
		struct analysis *analysis;

		opened = invocation->every_ns ? clock_now() : began;
		TRY(open_target(invocation, target, &analysis));
		if (i < last) {
			TRY(add_step(series, analysis));
			continue;
		}
		struct error *error = compare(invocation, series, analysis, opened, ret);
		analysis_destroy(analysis);
		return error;
	}
}

struct error *diff_view(const struct invocation *invocation, struct view **ret)
{
	struct series series = {0};
	struct error *error = run(invocation, &series, ret);

	series_deinit(&series);
	return error;
}
