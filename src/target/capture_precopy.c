/* Copy while the target runs, and stop it only for what it has written to meanwhile.
 *
 * The plan is made of the running target, so it may be wrong about spans that came or went since.
 * But a page that holds something else than it did when the plan was made has been written to since
 * then: so from the last plan on everything that is written to is copied, wanted or not.
 *
 * Afterwards the plan is made of the capture itself, which is exact. What it asks for and is not
 * there has not been written to since the last running plan, so nothing is alive in it but what was
 * there before: it is read then. If the target has written to it since the stop, it was fresh, and
 * zeros stand for it. What the plan does not want is taken out again: also the pages around late
 * pieces.
 */
#include "capturer.h"

#include <unistd.h>

#include "attach.h"
#include "clock.h"
#include "core_file.h"
#include "core_format.h"
#include "pagemap.h"
#include "parallel.h"
#include "process.h"
#include "write_watch.h"

enum {
	MAX_ROUNDS = 12,
	PLAN_TRIES = 20, /* to make a plan of a target that changes */
	THREAD_TRIES =
		500, /* to find a thread that is free: on a busy machine sysmon seldom sleeps */
	TRY_AGAIN_MS = 2,
};

#define SMALL_ROUND_BYTES ((uint64_t)2 << 20)
#define FINAL_HOLD_BYTES  ((size_t)64 << 20)

struct precopy {
	struct capturer *capturer;
	struct write_watch *watch;
	struct memory_source source;
};

static struct error *take_written(const struct precopy *precopy, struct ranges *ret)
{
	return write_watch_take(precopy->watch, precopy->source.workers, ret);
}

static void wait_a_little(void)
{
	nanosleep(&(struct timespec){.tv_nsec = TRY_AGAIN_MS * (long)NS_PER_MS}, NULL);
}

static struct error *start_watching(struct precopy *precopy)
{
	const struct capturer *capturer = precopy->capturer;

	for (unsigned i = 0; !precopy->watch; i++) {
		if (i == THREAD_TRIES) {
			TRY(attach_rival(capturer->target->pid));
			return error_create(ERROR_BUSY,
				"no thread of pid %d was free to be used for pre-copy: try again, or --capture=fork",
				capturer->target->pid);
		}
		if (i)
			wait_a_little();
		TRY(write_watch_create(
			capturer->target->pid, &capturer->plan->idle_sites, &precopy->watch));
	}
	return NULL;
}

/* The parts of a mapping that are not watched yet. Each mapping on its own: the kernel may refuse
 * one. */
static struct error *watch_mapping(
	struct precopy *precopy, const struct mapping *mapping, struct ranges *ret_new)
{
	struct ranges wanted = {0};
	struct error *error = NULL;

	ranges_add(&wanted, mapping->start, mapping->end);
	ranges_subtract(&wanted, write_watch_ranges(precopy->watch));
	vec_foreach (range, &wanted.list) {
		ranges_add(ret_new, range->start, range->end);
		if (!error)
			error = write_watch_add(precopy->watch, range->start, range->end);
	}
	ranges_deinit(&wanted);
	return error;
}

/* Mappings that are not watched yet: all at first, later those that are new. */
static struct error *watch_mappings(struct precopy *precopy, struct ranges *ret_new)
{
	vec_foreach (mapping, &precopy->capturer->target->mappings) {
		if (mapping->protection & PROTECTION_WRITE && !mapping->shared)
			TRY(watch_mapping(precopy, mapping, ret_new));
	}
	return NULL;
}

static struct error *plan_running(struct capturer *capturer)
{
	for (unsigned i = 0;; i++) {
		TRY(process_refresh(capturer->target));
		struct error *error = capturer_plan(capturer, capturer->target);

		if (!error || i == PLAN_TRIES)
			return error;
		error_destroy(error);
		wait_a_little();
	}
}

/* What a copy that was given up has left is worth nothing. */
static struct error *copy_or_forget(struct precopy *precopy, const struct ranges *memory)
{
	struct spool *spool = &precopy->capturer->spool;
	struct error *error = spool_copy(spool, &precopy->source, memory);

	if (error)
		spool_forget(spool, memory);
	return error;
}

/* Copies the chosen pages. What was written to and is not chosen is out of date from now on: should
 * a later plan want it (a span that got another use), or does it not exist any more (the scavenger
 * gave it back), the old copy must not stand for it. */
static struct error *copy_chosen(
	struct precopy *precopy, const struct ranges *written, const struct ranges *chosen)
{
	struct capturer *capturer = precopy->capturer;
	struct ranges outdated = {0};

	vec_foreach (range, &written->list)
		ranges_add(&outdated, range->start, range->end);
	ranges_subtract(&outdated, chosen);
	spool_forget(&capturer->spool, &outdated);
	ranges_deinit(&outdated);
	return copy_or_forget(precopy, chosen);
}

static struct error *copy_round(struct precopy *precopy, uint64_t *ret_bytes)
{
	struct capturer *capturer = precopy->capturer;
	struct ranges written = {0}, chosen = {0}, new = {0};
	struct error *error = take_written(precopy, &written);

	if (!error)
		error = plan_running(capturer);
	if (!error)
		error = watch_mappings(precopy, &new);
	if (!error) {
		ranges_intersect(&written, &capturer->planned.memory, &chosen);
		spool_missing(&capturer->spool, &capturer->planned.memory, &chosen);
		ranges_normalise(&chosen);
		*ret_bytes = ranges_bytes(&chosen);
		error = copy_chosen(precopy, &written, &chosen);
	}
	ranges_deinit(&written);
	ranges_deinit(&chosen);
	ranges_deinit(&new);
	return error;
}

static struct error *copy_running(struct precopy *precopy)
{
	struct ranges all = {0}, new = {0};
	uint64_t bytes = UINT64_MAX, before;

	struct error *error = watch_mappings(precopy, &new);
	if (!error)
		error = take_written(precopy, &all); /* protects everything */
	for (unsigned i = 0; !error && i < MAX_ROUNDS; i++) {
		before = bytes;
		error = copy_round(precopy, &bytes);
		if (bytes <= SMALL_ROUND_BYTES || (i && bytes > before / 2))
			break;
	}
	ranges_deinit(&all);
	ranges_deinit(&new);
	return error;
}

/* Copies what was written to since the last time, without a new plan. */
static struct error *copy_written(struct precopy *precopy, uint64_t *ret_bytes)
{
	struct capturer *capturer = precopy->capturer;
	struct ranges written = {0}, present = {0};
	struct error *error = take_written(precopy, &written);

	vec_foreach (range, &written.list)
		ranges_add(&present, range->start, range->end);
	if (!error)
		error = pagemap_filter(capturer->target->pid, PAGEMAP_PRESENT_PAGES, &present);
	if (!error)
		error = copy_chosen(precopy, &written, &present);
	pieces_read(&capturer->pieces, &precopy->source, &written);
	*ret_bytes = ranges_bytes(&present);
	ranges_deinit(&written);
	ranges_deinit(&present);
	return error;
}

/* Short rounds, as long as they make what is left for the pause smaller. */
static struct error *copy_rest(struct precopy *precopy)
{
	uint64_t bytes = UINT64_MAX, before;

	for (unsigned i = 0; i < MAX_ROUNDS; i++) {
		before = bytes;
		TRY(copy_written(precopy, &bytes));
		if (bytes <= SMALL_ROUND_BYTES / 4 || bytes > before / 2)
			break;
	}
	return NULL;
}

/* What is in no list of written pages: new mappings, the threads' stacks. */
static struct error *copy_new(struct precopy *precopy)
{
	struct capturer *capturer = precopy->capturer;
	struct ranges new = {0};

	TRY(process_refresh(capturer->target));
	struct error *error = watch_mappings(precopy, &new);
	if (!error)
		error = pagemap_filter(capturer->target->pid, PAGEMAP_PRESENT_PAGES, &new);
	capturer_add_thread_stacks(capturer, &new);
	if (!error)
		error = copy_or_forget(precopy, &new);
	ranges_deinit(&new);
	return error;
}

/* While the target stands still. */
static struct error *copy_stopped(struct precopy *precopy, struct stop *stop)
{
	struct capturer *capturer = precopy->capturer;
	uint64_t bytes;

	capturer->target->threads.count = 0;
	TRY(stop_threads(stop, capturer->target));
	TRY(copy_written(precopy, &bytes));
	return copy_new(precopy);
}

/* A target that runs needs a processor for itself, and goes first on the other. */
static void set_running(struct precopy *precopy, bool running)
{
	precopy->source.workers = running ? 1 : parallel_width();
	precopy->source.steps_aside = running;
}

static struct error *copy_in_pause(struct precopy *precopy)
{
	struct capturer *capturer = precopy->capturer;
	_cleanup_(cleanup_stop) struct stop *stop = NULL;

	TRY(stop_create(capturer->target->pid, capturer->pause_limit_ns, &stop));
	stop_hurry(stop);
	uint64_t began = stop_began_ns(stop);
	capturer_limit_copying(capturer, began);
	capturer->target->capture.monotonic_ns = clock_now();
	set_running(precopy, false);
	struct error *error = copy_stopped(precopy, stop);
	set_running(precopy, true);
	stop_release(stop);
	capturer->spool.limit_ns = 0;
	capturer_set_mode(capturer, CAPTURE_PRECOPY, began);
	return error;
}

static struct error *pause_and_copy(struct precopy *precopy)
{
	struct spool *spool = &precopy->capturer->spool;

	TRY(copy_rest(precopy));
	spool_hold(spool);
	struct error *error = copy_in_pause(precopy);
	if (!error)
		return spool_flush(spool);
	error_destroy(spool_flush(spool)); /* it counts as not copied */
	return error;
}

/* A pause that takes too long is ended, and what it was for is copied while the target runs. */
static struct error *stop_and_copy(struct precopy *precopy)
{
	struct capturer *capturer = precopy->capturer;
	uint64_t bytes;

	for (unsigned i = 0; i < MAX_ENDED_PAUSES; i++) {
		if (i) {
			TRY(spool_reserve(&capturer->spool, FINAL_HOLD_BYTES));
			TRY(copy_round(precopy, &bytes));
		}
		pieces_deinit(&capturer->pieces);
		pieces_init(&capturer->pieces, &capturer->planned.pieces);
		pieces_read(&capturer->pieces, &precopy->source, NULL);
		struct error *error = pause_and_copy(precopy);
		if (!error || error->code != ERROR_BUSY)
			return error;
		error_destroy(error);
	}
	return capturer_pause_ended(capturer);
}

/* The capture, opened to make the plan of it. */
static struct error *open_capture(const struct capturer *capturer, struct target **ret)
{
	TRY(capturer_write_headers(capturer));
	_cleanup_free_ char *exe = memory_format("/proc/%d/exe", capturer->target->pid);
	return core_file_open_fd(dup(capturer->spool.fd), "the captured memory", exe, ret);
}

static struct error *read_late(struct precopy *precopy, const struct ranges *late)
{
	struct capturer *capturer = precopy->capturer;
	struct ranges written = {0}, fresh = {0};

	TRY(spool_copy(&capturer->spool, &precopy->source, late));
	struct error *error = take_written(precopy, &written);
	ranges_intersect(late, &written, &fresh);
	if (!error)
		error = spool_clear(&capturer->spool, &fresh);
	ranges_deinit(&written);
	ranges_deinit(&fresh);
	return error;
}

/* The parts of the planned pieces that are among those that were read, and the others: they have
 * come since the last plan of the running target. */
static void part_pieces(
	const struct capturer *capturer, struct ranges *ret_had, struct ranges *ret_late)
{
	struct ranges had = {0};

	pieces_ranges(&capturer->pieces, &had);
	ranges_intersect(&capturer->planned.pieces, &had, ret_had);
	vec_foreach (range, &capturer->planned.pieces.list)
		ranges_add(ret_late, range->start, range->end);
	ranges_subtract(ret_late, &had);
	ranges_deinit(&had);
}

/* Of the late pieces the pages were copied, because they had been written to, or are read late. */
static void settle_pieces(
	struct capturer *capturer, const struct ranges *had, const struct ranges *late)
{
	struct pieces settled;
	struct ranges all = {0};

	vec_foreach (range, &had->list)
		ranges_add(&all, range->start, range->end);
	vec_foreach (range, &late->list)
		ranges_add(&all, range->start, range->end);
	pieces_init(&settled, &all);
	vec_foreach (piece, &settled.list) {
		const struct range range = {piece->address, piece->address + piece->length};

		if (!pieces_copy(&capturer->pieces, piece) &&
			!spool_read(&capturer->spool, &range, piece->bytes))
			piece->length = 0;
	}
	pieces_deinit(&capturer->pieces);
	capturer->pieces = settled;
	ranges_deinit(&all);
}

/* What the final plan does not want was copied because it was written to. */
static void forget_unwanted(struct capturer *capturer)
{
	struct ranges wanted = {0};

	vec_foreach (range, &capturer->planned.memory.list)
		ranges_add(&wanted, range->start, range->end);
	capturer_add_thread_stacks(capturer, &wanted);
	spool_keep(&capturer->spool, &wanted);
	ranges_deinit(&wanted);
}

static struct error *read_planned(struct precopy *precopy, const struct ranges *late_pieces)
{
	struct capturer *capturer = precopy->capturer;
	struct ranges wanted = {0}, missing = {0};

	vec_foreach (range, &capturer->planned.memory.list)
		ranges_add(&wanted, range->start, range->end);
	vec_foreach (range, &late_pieces->list)
		ranges_add_pages(&wanted, range->start, range->end);
	ranges_normalise(&wanted);
	spool_missing(&capturer->spool, &wanted, &missing);
	struct error *error = missing.list.count ? read_late(precopy, &missing) : NULL;
	ranges_deinit(&wanted);
	ranges_deinit(&missing);
	return error;
}

static void exchange_mappings(struct target *one, struct target *other)
{
	__typeof__(one->mappings) mappings = one->mappings;

	one->mappings = other->mappings;
	other->mappings = mappings;
}

/* The plan of what was captured is exact. A core tells of mapped files alone; of other memory, the
 * process did while it stood still. */
static struct error *plan_captured(struct capturer *capturer)
{
	_cleanup_(cleanup_target) struct target *captured = NULL;

	TRY(open_capture(capturer, &captured));
	captured->kind = TARGET_PROCESS;
	captured->pid = captured->memory_pid = capturer->target->pid;
	exchange_mappings(captured, capturer->target);
	struct error *error = capturer_plan(capturer, captured);
	exchange_mappings(captured, capturer->target);
	return error;
}

static struct error *complete(struct precopy *precopy)
{
	struct capturer *capturer = precopy->capturer;
	struct ranges had = {0}, late = {0};

	TRY(plan_captured(capturer));
	part_pieces(capturer, &had, &late);
	struct error *error = read_planned(precopy, &late);
	if (!error)
		settle_pieces(capturer, &had, &late);
	forget_unwanted(capturer);
	ranges_deinit(&had);
	ranges_deinit(&late);
	return error;
}

struct error *capture_by_precopy(struct capturer *capturer)
{
	struct precopy precopy = {
		.capturer = capturer,
		.source = {.pid = capturer->target->pid, .mem = -1},
	};

	set_running(&precopy, true);
	struct error *error = start_watching(&precopy);
	if (!error) /* takes time, in which the plan would get old */
		error = spool_reserve(&capturer->spool, FINAL_HOLD_BYTES);
	if (!error)
		error = copy_running(&precopy);
	if (!error)
		error = stop_and_copy(&precopy);
	if (!error)
		error = complete(&precopy);
	if (!error)
		error = spool_erase_forgotten(&capturer->spool);
	write_watch_destroy(precopy.watch);
	return error;
}
