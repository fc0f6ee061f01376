#include "leftovers.h"

#include "core_erase.h"
#include "fatal_error.h"
#include "goroutine.h"
#include "heap.h"
#include "stack_closures.h"
#include "thread_words.h"

enum {
	SYSTEM_STACK = 64 << 10, /* of a thread whose stack is not known, from sp on */
	STAND_IN_TYPE = 64,      /* bytes of an abi.Type, and some */
	CLOSURE_BYTES = 16,      /* function, first word captured */
	BELOW_SP = 128,          /* what code may use without moving sp (System V ABI, red zone) */
};

struct eraser {
	const struct heap *heap;
	const struct goroutines *goroutines;
	struct ranges closures; /* in slots that are free, or not */
};

static void add_closure(void *context, const struct stack_closure *closure)
{
	struct eraser *eraser = context;
	struct reader reader = reader_over(eraser->heap->runtime->target);
	addr_t at = closure->in_heap ? reader_u64(&reader, closure->at) : 0;

	if (at && !reader.failed)
		ranges_add(&eraser->closures, at, at + CLOSURE_BYTES);
}

static void find_closures(struct eraser *eraser)
{
	vec_foreach (goroutine, &eraser->goroutines->list)
		stack_closures_each(eraser->heap->runtime, goroutine, add_closure, eraser);
	ranges_normalise(&eraser->closures);
}

static void erase_but_closures(const struct eraser *eraser, addr_t start, addr_t end)
{
	const struct target *target = eraser->heap->runtime->target;
	const struct range all = {start, end};
	struct ranges parts = {0};

	if (!ranges_overlap(&eraser->closures, &all)) {
		core_erase(target, start, end);
		return;
	}
	ranges_add(&parts, start, end);
	ranges_subtract(&parts, &eraser->closures);
	vec_foreach (part, &parts.list)
		core_erase(target, part->start, part->end);
	ranges_deinit(&parts);
}

static void erase_slots(const struct eraser *eraser, const struct span *span)
{
	for (uint32_t slot = 0; slot < span->nelems; slot++) {
		uint32_t first = slot;

		while (slot < span->nelems && !span_allocated(eraser->heap, span, slot))
			slot++;
		if (first < slot)
			erase_but_closures(eraser, span->start + first * span->elemsize,
				span->start + slot * span->elemsize);
	}
}

/* At the end of a span are pointer bits and marks. */
static uint64_t reserved_bytes(const struct heap *heap, const struct span *span)
{
	uint64_t bytes = span->map == SPAN_MAP_BITS ? POINTER_BIT_WORDS * 8 : 0;

	if (heap->runtime->layout.features.inline_marks && span->elemsize >= INLINE_MARK_MIN &&
		span->elemsize <= SMALL_OBJECT)
		bytes += INLINE_MARK_BYTES;
	return bytes;
}

static void erase_tail(const struct heap *heap, const struct span *span)
{
	addr_t used = span->start + span->nelems * span->elemsize;
	addr_t end = span->start + ((addr_t)span->npages << RUNTIME_PAGE_SHIFT) -
		     reserved_bytes(heap, span);

	if (used < end)
		core_erase(heap->runtime->target, used, end);
}

static void erase_in_spans(const struct eraser *eraser)
{
	for (uint32_t i = 0; i < eraser->heap->scan_spans; i++) {
		erase_slots(eraser, &eraser->heap->spans[i]);
		erase_tail(eraser->heap, &eraser->heap->spans[i]);
	}
}

/* Where a goroutine has its stack pointer, if that is known for sure. */
static addr_t used_from(const struct goroutine *goroutine)
{
	bool known =
		goroutine->position == POSITION_SAVED || goroutine->position == POSITION_SYSCALL;

	if (!known || goroutine->stack_moving || goroutine->sp < goroutine->stack_low + BELOW_SP)
		return goroutine->stack_low;
	return goroutine->sp - BELOW_SP;
}

static void add_used_stacks(
	const struct goruntime *runtime, const struct goroutines *goroutines, struct ranges *ret)
{
	vec_foreach (goroutine, &goroutines->list)
		ranges_add(ret, used_from(goroutine), goroutine->stack_high);
	vec_foreach (thread, &runtime->target->threads) {
		addr_t sp = thread->registers.sp;

		ranges_add(ret, sp - BELOW_SP, sp + SYSTEM_STACK);
	}
	thread_words_memory(runtime, goroutines, ret);
	fatal_error_stacks(runtime, ret);
}

/* Go 1.22 and 1.23 make a stand-in for a type with a GC program, {abi.Type, mask}, where stacks are
 * (mbitmap_allocheaders.go, heapSetType). */
static void add_stand_in_types(const struct heap *heap, struct ranges *ret)
{
	for (uint32_t i = 0; i < heap->scan_spans; i++) {
		const struct span *span = &heap->spans[i];
		uint64_t mask = span->elemsize / (8 * 8);

		if (span->map == SPAN_MAP_LARGE_TYPE &&
			ranges_have(&heap->stacks, span->large_type))
			ranges_add(ret, span->large_type, span->large_type + STAND_IN_TYPE + mask);
	}
}

static void erase_stacks(const struct eraser *eraser)
{
	const struct heap *heap = eraser->heap;
	struct ranges used = {0}, unused = {0};

	add_used_stacks(heap->runtime, eraser->goroutines, &used);
	add_stand_in_types(heap, &used);
	ranges_normalise(&used);
	vec_foreach (range, &heap->stacks.list)
		ranges_add(&unused, range->start, range->end);
	ranges_subtract(&unused, &used);
	vec_foreach (range, &unused.list)
		core_erase(heap->runtime->target, range->start, range->end);
	ranges_deinit(&used);
	ranges_deinit(&unused);
}

struct error *leftovers_erase(const struct goruntime *runtime)
{
	_cleanup_(cleanup_heap) struct heap *heap = NULL;
	struct goroutines goroutines;

	TRY(heap_load(runtime, &heap));
	TRY(core_erase_allow(runtime->target));
	TRY(goroutines_load(runtime, &goroutines));
	struct eraser eraser = {.heap = heap, .goroutines = &goroutines};
	find_closures(&eraser);
	erase_in_spans(&eraser);
	erase_stacks(&eraser);
	ranges_deinit(&eraser.closures);
	goroutines_deinit(&goroutines);
	return NULL;
}
