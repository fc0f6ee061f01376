#include "stack_scan.h"

#include <string.h>

#include "bytes.h"
#include "cycle.h"
#include "sorted.h"
#include "stack_map.h"

enum { MAX_DEFERS = 1 << 20, MAX_STACK = 1 << 30 };

/* A stack object with the frame that it is in. */
struct placed_object {
	struct stack_object object;
	uint32_t frame;
	bool done;
};

struct scan {
	const struct goruntime *runtime;
	const struct goroutine *goroutine;
	stack_word_fn *visit;
	void *context;
	const uint8_t *bytes; /* of the stack, from `low` on */
	addr_t low;
	bool missing;
	VEC(struct placed_object) objects;   /* sorted by address */
	VEC(addr_t) pending;                 /* pointers into the stack that were found alive */
	const struct placed_object *current; /* the object that is being scanned */
};

static void found(struct scan *scan, addr_t at, addr_t value, uint32_t frame, bool conservative)
{
	const struct goroutine *goroutine = scan->goroutine;

	if (!value)
		return;
	if (goroutine->stack_low <= value && value < goroutine->stack_high) {
		vec_push(&scan->pending, value);
		return;
	}
	scan->visit(scan->context, &(struct stack_word){at, value, frame, conservative});
}

static void scan_word(struct scan *scan, addr_t at, uint32_t frame, bool conservative)
{
	if (at % 8 || at < scan->low || at + 8 > scan->goroutine->stack_high)
		return;
	found(scan, at, load_u64(scan->bytes + (at - scan->low)), frame, conservative);
}

static void scan_bits(struct scan *scan, const struct stack_bits *bits, uint32_t frame)
{
	for (uint32_t i = 0; bits->bits && i < bits->count; i++) {
		if (stack_bits_has(bits, i))
			scan_word(scan, bits->start + 8 * (addr_t)i, frame, false);
	}
}

static void scan_conservatively(struct scan *scan, addr_t start, addr_t end, uint32_t frame)
{
	for (addr_t at = (start + 7) & ~7ull; at + 8 <= end; at += 8)
		scan_word(scan, at, frame, true);
}

static bool is_named(const struct frame *frame, const char *name)
{
	return !strcmp(frame->function.name, name);
}

static void scan_frame(
	struct scan *scan, const struct frame *frame, uint32_t number, bool conservative)
{
	struct stack_map map;

	if (conservative || !stack_map_of(scan->runtime, frame, &map)) {
		scan_conservatively(scan, frame->sp, frame->varp, number);
		scan_conservatively(scan, frame->argp,
			frame->argp + stack_map_args_size(scan->runtime, frame), number);
		return;
	}
	scan_bits(scan, &map.locals, number);
	scan_bits(scan, &map.args, number);
	vec_foreach (object, &map.objects)
		vec_push(&scan->objects, {.object = *object, .frame = number});
	stack_map_deinit(&map);
}

/* Can the frames be other than they look? While the runtime copies a stack, or its thread is on the
 * stack of the scheduler, or is changing from one stack to another. */
static bool is_changing(const struct goroutine *goroutine, const struct frames *frames)
{
	bool scheduling =
		goroutine->status == GOROUTINE_RUNNING && goroutine->position != POSITION_THREAD;
	bool changing = goroutine->position == POSITION_THREAD && frames->list.count &&
			frames->list.items[0].function.flags & FUNCTION_FLAG_SP_WRITE;

	return goroutine->stack_moving || scheduling || changing;
}

/* The frame that saved the registers of its caller, and that caller, have no exact maps; nor has
 * the innermost frame of a thread that was running. */
static void scan_frames(struct scan *scan, const struct frames *frames)
{
	bool conservative = scan->goroutine->position == POSITION_THREAD;

	for (size_t i = 0; i < frames->list.count; i++) {
		const struct frame *frame = &frames->list.items[i];
		bool saves_registers = is_named(frame, "runtime.asyncPreempt") ||
				       is_named(frame, "runtime.debugCallV2");

		scan_frame(scan, frame, (uint32_t)i, conservative || saves_registers);
		conservative = saves_registers;
	}
	bool whole = is_changing(scan->goroutine, frames);
	if (frames->complete && !whole)
		return;
	addr_t rest = frames->list.count && !whole ? vec_last(&frames->list)->fp : scan->low;
	scan_conservatively(scan, rest, scan->goroutine->stack_high,
		frames->list.count ? (uint32_t)frames->list.count - 1 : NO_FRAME);
}

static void scan_registers(struct scan *scan)
{
	const struct registers *registers = scan->goroutine->registers;

	for (unsigned i = 0; registers && i < registers->general_count; i++)
		found(scan, 0, registers->general[i], 0, true);
}

/* Defer records may be on the stack or in the heap, in any order; a panic is on the stack. */
static void scan_goroutine(struct scan *scan)
{
	const struct layout *layout = &scan->runtime->layout;
	struct reader reader = reader_over(scan->runtime->target);
	addr_t defer = scan->goroutine->defer;
	struct cycle cycle = {0};

	found(scan, 0, scan->goroutine->context, NO_FRAME, false);
	for (unsigned i = 0;
		defer && i < MAX_DEFERS && !reader.failed && !cycle_closes(&cycle, defer); i++) {
		addr_t link = read_field(&reader, defer, layout->defer_record.link);

		found(scan, 0, read_field(&reader, defer, layout->defer_record.fn), NO_FRAME,
			false);
		if (read_field(&reader, defer, layout->defer_record.heap))
			found(scan, 0, defer, NO_FRAME, false);
		defer = link;
	}
	found(scan, 0, scan->goroutine->panic, NO_FRAME, false);
	scan->missing |= reader.failed;
}

static int by_start(const void *left, const void *right)
{
	const struct placed_object *a = left, *b = right;

	return (a->object.start > b->object.start) - (a->object.start < b->object.start);
}

static struct placed_object *object_at(struct scan *scan, addr_t address)
{
	size_t low = sorted_prefix(
		scan->objects.items, scan->objects.count, item, item->object.start <= address);

	if (!low)
		return NULL;
	struct placed_object *placed = &scan->objects.items[low - 1];

	return address - placed->object.start < placed->object.size ? placed : NULL;
}

static void visit_object_word(void *context, uint64_t offset)
{
	struct scan *scan = context;

	scan_word(scan, scan->current->object.start + offset, scan->current->frame, false);
}

static void scan_objects(struct scan *scan)
{
	if (scan->objects.count)
		qsort(scan->objects.items, scan->objects.count, sizeof(struct placed_object),
			by_start);
	while (scan->pending.count) {
		struct placed_object *placed = object_at(scan, vec_pop(&scan->pending));

		if (!placed || placed->done)
			continue;
		placed->done = true;
		scan->current = placed;
		if (!stack_object_each(scan->runtime, &placed->object, visit_object_word, scan))
			scan_conservatively(scan, placed->object.start,
				placed->object.start + placed->object.size, placed->frame);
	}
}

bool stack_scan(const struct goruntime *runtime, const struct goroutine *goroutine,
	const struct frames *frames, stack_word_fn *visit, void *context)
{
	struct scan scan = {
		.runtime = runtime, .goroutine = goroutine, .visit = visit, .context = context};

	scan.low = goroutine->position == POSITION_UNKNOWN ? goroutine->stack_low
							   : goroutine->sp & ~7ull;
	if (scan.low >= goroutine->stack_high || goroutine->stack_high - scan.low > MAX_STACK)
		return false;
	size_t length = (size_t)(goroutine->stack_high - scan.low);
	_cleanup_free_ uint8_t *copy = NULL;
	scan.bytes = target_view(runtime->target, scan.low, length);
	if (!scan.bytes) {
		scan.bytes = copy = memory_alloc(length);
		/* Pages of a stack that were never written are zero, and need not have been
		 * captured. */
		target_read_present(runtime->target, scan.low, copy, length);
	}
	scan_goroutine(&scan);
	scan_registers(&scan);
	scan_frames(&scan, frames);
	scan_objects(&scan);
	vec_deinit(&scan.objects);
	vec_deinit(&scan.pending);
	return !scan.missing;
}
