/* Stop all threads, copy, let go. */
#include "capturer.h"

#include "capture_room.h"
#include "clock.h"
#include "parallel.h"
#include "process.h"

struct error *capture_by_stop(struct capturer *capturer)
{
	struct target *target = capturer->target;
	const struct memory_source source = {
		.pid = target->pid, .mem = -1, .workers = parallel_width()};
	_cleanup_(cleanup_stop) struct stop *stop = NULL;

	/* What does not fit is written to the file while the target stands still. */
	TRY(spool_reserve(&capturer->spool,
		MIN(ranges_bytes(&capturer->planned.memory), capture_buffer_room())));
	spool_hold(&capturer->spool);
	TRY(stop_create(target->pid, &stop));
	stop_hurry(stop);
	target->capture.monotonic_ns = clock_now();
	TRY(stop_threads(stop, target));
	TRY(process_refresh(target));
	TRY(capturer_plan(capturer, target));
	capturer_add_thread_stacks(capturer, &capturer->planned.memory);
	TRY(spool_copy(&capturer->spool, &source, &capturer->planned.memory));
	pieces_init(&capturer->pieces, &capturer->planned.pieces);
	pieces_read(&capturer->pieces, &source, NULL);
	uint64_t began = stop_began_ns(stop);
	stop_release(stop);
	capturer_set_mode(capturer, CAPTURE_STOP, began);
	return spool_flush(&capturer->spool);
}
