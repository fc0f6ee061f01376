#include "self_check.h"

#include <string.h>

#include "pointer_map.h"
#include "sudog.h"
#include "unwind.h"

enum {
	PROBED_GOROUTINES = 256,
	PROBED_SUDOGS = 16, /* of a goroutine: a select has one for each case */
	PROBED_HEADERS = 4096,
	/* A few may be in the middle of a change: one in so many, and one more. */
	TOLERATED_SHARE = 16,
	TOLERATED_FEW = 1,
};

/* What a check has looked at, and how much of it was not as it must be. */
struct tally {
	size_t seen, wrong;
};

static bool too_many(const struct tally *tally)
{
	return tally->wrong > TOLERATED_FEW + tally->seen / TOLERATED_SHARE;
}

static struct error *refuse(const char *what, const struct tally *tally)
{
	return error_create(ERROR_LAYOUT, "%s in %zu of %zu", what, tally->wrong, tally->seen);
}

/* A goroutine that does not run is exactly where g.sched says, or g.syscallsp while it is in the
 * kernel. */
static void check_stack(const struct goruntime *runtime, const struct goroutine *goroutine,
	struct tally *ends, struct tally *tops)
{
	struct frames frames;

	unwind(runtime, goroutine, &frames);
	ends->seen++;
	ends->wrong += !frames.complete;
	if (frames.complete) {
		tops->seen++;
		tops->wrong += vec_last(&frames.list)->sp != goroutine->stack_top_sp;
	}
	frames_deinit(&frames);
}

/* Is the sudog in the queue (waitq: first, last)? A long queue is not followed to its end. */
static bool in_queue(
	const struct goruntime *runtime, struct reader *reader, addr_t queue, addr_t sudog)
{
	addr_t at = reader_u64(reader, queue);
	unsigned i;

	for (i = 0; at && at != sudog && i < PROBED_SUDOGS && !reader->failed; i++)
		at = read_field(reader, at, runtime->layout.sudog.next);
	return at == sudog || i == PROBED_SUDOGS;
}

/* A channel without pointers in it may not have been captured: then nothing can be said. Who closes
 * a channel takes all that wait out of its queues, and then wakes one after the other (chan.go). */
static void check_channel(
	const struct goruntime *runtime, addr_t channel, addr_t sudog, struct tally *channels)
{
	const struct layout *layout = &runtime->layout;
	struct reader reader = reader_over(runtime->target);
	uint64_t slots = read_field(&reader, channel, layout->hchan.dataqsiz);
	uint64_t used = read_field(&reader, channel, layout->hchan.qcount);
	uint64_t size = read_field(&reader, channel, layout->hchan.elemsize);
	addr_t type = read_field(&reader, channel, layout->hchan.elemtype);

	if (reader.failed)
		return;
	bool queued = read_field(&reader, channel, layout->hchan.closed) ||
		      in_queue(runtime, &reader, channel + layout->hchan.recvq.at, sudog) ||
		      in_queue(runtime, &reader, channel + layout->hchan.sendq.at, sudog);
	bool typed = modules_of_type(&runtime->modules, type) &&
		     reader_u64(&reader, type) == size; /* abi.Type begins with its size */
	channels->seen++;
	channels->wrong += used > slots || !queued || !typed || reader.failed;
}

/* Does it wait for a channel? Then it has a sudog for each. */
static bool waits_for_channel(const struct goruntime *runtime, const struct goroutine *goroutine)
{
	const char *reason = layout_wait_reason(&runtime->layout, goroutine->wait_reason);

	return reason && (!strcmp(reason, "chan receive") || !strcmp(reason, "chan send") ||
				 !strcmp(reason, "select"));
}

struct waiting_check {
	const struct goruntime *runtime;
	const struct goroutine *goroutine;
	bool for_channel;
	struct tally *sudogs, *channels;
	unsigned probed;
};

static void check_sudog(void *context, const struct sudog *sudog)
{
	struct waiting_check *check = context;

	if (check->probed++ >= PROBED_SUDOGS)
		return;
	check->sudogs->seen++;
	check->sudogs->wrong +=
		sudog->g != check->goroutine->address || (check->for_channel && !sudog->channel);
	if (sudog->channel)
		check_channel(check->runtime, sudog->channel, sudog->address, check->channels);
}

static void check_waiting(const struct goruntime *runtime, const struct goroutine *goroutine,
	struct tally *sudogs, struct tally *channels)
{
	struct waiting_check check = {
		.runtime = runtime,
		.goroutine = goroutine,
		.for_channel = waits_for_channel(runtime, goroutine),
		.sudogs = sudogs,
		.channels = channels,
	};

	sudogs_each(runtime, goroutine, check_sudog, &check);
	if (!check.probed && (check.for_channel || goroutine->waiting)) {
		sudogs->seen++;
		sudogs->wrong++;
	}
}

struct error *self_check_goroutines(
	const struct goruntime *runtime, const struct goroutines *goroutines)
{
	struct tally saved = {0}, syscalls = {0}, tops = {0}, sudogs = {0}, channels = {0};

	if (!goroutines->list.count) /* goroutine 1 or those of the runtime never end */
		return error_create(ERROR_LAYOUT, "g.atomicstatus: no goroutine is alive");
	for (size_t i = 0; i < MIN(goroutines->list.count, (size_t)PROBED_GOROUTINES); i++) {
		const struct goroutine *goroutine = &goroutines->list.items[i];

		if (goroutine->status == GOROUTINE_SYSCALL)
			check_stack(runtime, goroutine, &syscalls, &tops);
		if (goroutine->status != GOROUTINE_WAITING)
			continue;
		check_stack(runtime, goroutine, &saved, &tops);
		check_waiting(runtime, goroutine, &sudogs, &channels);
	}
	if (too_many(&saved))
		return refuse("g.sched: stacks cannot be unwound to their end", &saved);
	if (too_many(&syscalls))
		return refuse("g.syscallsp: stacks cannot be unwound to their end", &syscalls);
	if (too_many(&tops))
		return refuse("g.stktopsp is not where the stack ends", &tops);
	if (too_many(&sudogs))
		return refuse("g.waiting, sudog: not those of a goroutine that waits", &sudogs);
	/* Each thread may be waking a goroutine just now, which is in no queue any more. */
	channels.wrong -= MIN(channels.wrong, runtime->target->threads.count);
	if (too_many(&channels))
		return refuse("hchan: not one that a goroutine waits for", &channels);
	return NULL;
}

/* Types that reflection made lie in the heap: they are looked at as the others are, when they are
 * used. For a type with a GC program Go 1.22 and 1.23 make a stand-in with a mask, in a manual span
 * (mbitmap_allocheaders.go, heapSetType). */
static bool may_be_type(const struct heap *heap, addr_t type)
{
	return modules_of_type(&heap->runtime->modules, type) || heap_span_at(heap, type) ||
	       ranges_have(&heap->stacks, type);
}

static void check_headers(const struct heap *heap, const struct span *span, struct tally *headers)
{
	for (uint32_t slot = 0; slot < span->nelems; slot++) {
		uint64_t offset;
		addr_t type;

		if (!span_allocated(heap, span, slot))
			continue;
		type = span_header_type(heap, span, slot, &offset);
		if (!type && span->map == SPAN_MAP_HEADER)
			continue; /* not written yet */
		headers->seen++;
		headers->wrong += !may_be_type(heap, type);
	}
}

struct error *self_check_headers(const struct heap *heap)
{
	struct tally headers = {0}, large = {0};

	for (uint32_t i = 0; i < heap->scan_spans; i++) {
		const struct span *span = &heap->spans[i];

		if (span->map == SPAN_MAP_HEADER && headers.seen < PROBED_HEADERS)
			check_headers(heap, span, &headers);
		if (span->map == SPAN_MAP_LARGE_TYPE && large.seen < PROBED_HEADERS)
			check_headers(heap, span, &large);
	}
	if (too_many(&headers))
		return refuse("the header of an object is not a type", &headers);
	return too_many(&large) ? refuse("mspan.largeType is not a type", &large) : NULL;
}
