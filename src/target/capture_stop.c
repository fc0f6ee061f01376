/* Stop all threads, copy, let go.
 *
 * To make the plan takes a quarter of the time that copying takes, and only one thread can do it.
 * So while one makes it, another copies by the last plan of the running target, which is nearly the
 * same; then what that one did not know of is copied, and what is not wanted after all is taken
 * out.
 */
#include "capturer.h"

#include "capture_room.h"
#include "clock.h"
#include "parallel.h"
#include "process.h"

/* Other programs do not wait for longer than this takes, a tenth of a second. */
#define HURRY_BYTES ((uint64_t)1 << 30)

enum { NEWS_SHARE = 16 }; /* of the last plan: what may have come since, in the buffer */

static void add_all(struct ranges *ranges, const struct ranges *others)
{
	vec_foreach (range, &others->list)
		ranges_add(ranges, range->start, range->end);
	ranges_normalise(ranges);
}

/* What does not fit is written to the file while the target stands still. */
static struct error *reserve(struct capturer *capturer)
{
	uint64_t wanted = ranges_bytes(&capturer->planned.memory);

	return spool_reserve(
		&capturer->spool, MIN(wanted + wanted / NEWS_SHARE, capture_buffer_room()));
}

/* A target that changes just now may not have one: then the plan before that. */
static void plan_again(struct capturer *capturer)
{
	struct error *error = process_refresh(capturer->target);

	if (!error)
		error = capturer_plan(capturer, capturer->target);
	error_destroy(error);
}

static struct error *plan_stopped(void *context, unsigned worker)
{
	struct capturer *capturer = context;

	(void)worker;
	TRY(process_refresh(capturer->target));
	TRY(capturer_plan(capturer, capturer->target));
	capturer_add_thread_stacks(capturer, &capturer->planned.memory);
	return NULL;
}

static struct error *copy_stopped(struct capturer *capturer, const struct ranges *expected)
{
	const struct memory_source source = {
		.pid = capturer->target->pid, .mem = -1, .workers = parallel_width()};
	struct spool *spool = &capturer->spool;
	struct ranges missing = {0};

	TRY(spool_copy_beside(spool, &source, expected, plan_stopped, capturer));
	spool_keep(spool, &capturer->planned.memory);
	spool_missing(spool, &capturer->planned.memory, &missing);
	struct error *error = spool_copy(spool, &source, &missing);
	pieces_init(&capturer->pieces, &capturer->planned.pieces);
	pieces_read(&capturer->pieces, &source, NULL);
	ranges_deinit(&missing);
	return error;
}

static struct error *stop_and_copy(struct capturer *capturer, const struct ranges *expected)
{
	struct target *target = capturer->target;
	_cleanup_(cleanup_stop) struct stop *stop = NULL;

	TRY(stop_create(target->pid, capturer->pause_limit_ns, &stop));
	if (ranges_bytes(expected) <= HURRY_BYTES)
		stop_hurry(stop);
	target->capture.monotonic_ns = clock_now();
	TRY(stop_threads(stop, target));
	capturer_limit_copying(capturer, stop_began_ns(stop));
	TRY(copy_stopped(capturer, expected));
	uint64_t began = stop_began_ns(stop);
	stop_release(stop);
	capturer_set_mode(capturer, CAPTURE_STOP, began);
	return NULL;
}

struct error *capture_by_stop(struct capturer *capturer)
{
	struct ranges expected = {0};

	TRY(reserve(capturer));
	spool_hold(&capturer->spool);
	plan_again(capturer);
	add_all(&expected, &capturer->planned.memory);
	struct error *error = stop_and_copy(capturer, &expected);
	ranges_deinit(&expected);
	if (error && error->code == ERROR_BUSY) {
		error_destroy(error);
		return capturer_pause_ended(capturer);
	}
	if (!error)
		error = spool_flush(&capturer->spool);
	return error ? error : spool_erase_forgotten(&capturer->spool);
}
