#include "unwind.h"

#include <string.h>

enum { MAX_FRAMES = 1 << 20 };

static bool is_named(const struct frame *frame, const char *name)
{
	return !strcmp(frame->function.name, name);
}

/* Is it the function that async preemption, a debugger or a fault put on the stack? By name,
 * because the numbers of funcIDs change. */
static bool is_injected(const struct frame *frame)
{
	return is_named(frame, "runtime.asyncPreempt") || is_named(frame, "runtime.debugCallV2") ||
	       is_named(frame, "runtime.sigpanic");
}

addr_t frame_line_pc(const struct frame *frame)
{
	return frame->trapped || frame->pc <= frame->function.entry ? frame->pc : frame->pc - 1;
}

/* fp is the caller's sp. On amd64 the call has pushed the return address below it; on arm64 the
 * frame has it at its lowest word. When the frame is large enough to have one, the saved frame
 * pointer is at its end on both. */
static bool resolve(
	const struct goruntime *runtime, struct frame *frame, const struct frame *callee)
{
	const struct processor_facts *facts = &runtime->layout.facts;
	addr_t pushed = facts->frames_have_link ? 0 : 8;
	int32_t delta;

	if (!goruntime_function(runtime, frame->pc, &frame->module, &frame->function) ||
		!pclntab_stack_delta(
			&frame->module->functions, &frame->function, frame->pc, &delta) ||
		delta < 0)
		return false;
	frame->fp = frame->sp + (addr_t)delta + pushed;
	frame->varp = frame->fp - pushed;
	if (frame->varp > frame->sp)
		frame->varp -= 8;
	frame->argp = frame->fp + facts->min_frame;
	frame->continpc = frame->pc;
	if (callee && is_named(callee, "runtime.sigpanic"))
		frame->continpc = frame->function.deferreturn
					  ? frame->function.entry + frame->function.deferreturn + 1
					  : 0;
	return true;
}

/* A function that writes SP in a way the table cannot tell ends the unwinding, unless it is the
 * innermost, or the one through which C calls Go, which leaves a frame that can be followed. */
static bool is_end_of_knowledge(const struct frame *frame)
{
	return frame->function.flags & FUNCTION_FLAG_SP_WRITE && !frame->innermost &&
	       !is_named(frame, "runtime.cgocallback");
}

/* A call of a nil function: there is no frame yet, only the return address. */
static void skip_nil_call(
	const struct goruntime *runtime, struct reader *reader, struct frame *frame, addr_t *link)
{
	if (frame->pc)
		return;
	frame->pc = reader_u64(reader, frame->sp);
	if (!runtime->layout.facts.frames_have_link)
		frame->sp += 8;
	*link = 0;
}

/* `link`: what the register has that calls leave the return address in, if that is still so. */
static addr_t return_address(const struct goruntime *runtime, struct reader *reader,
	const struct frame *frame, addr_t link)
{
	if (!runtime->layout.facts.frames_have_link)
		return reader_u64(reader, frame->fp - 8);
	return link && !(frame->innermost && frame->sp < frame->fp) ? link
								    : reader_u64(reader, frame->sp);
}

/* Where there is a link register, a signal handler that makes a call happen pushes its value, which
 * is still needed by a function that has no frame. */
static addr_t skip_pushed_link(
	const struct goruntime *runtime, struct reader *reader, struct frame *frame)
{
	const struct processor_facts *facts = &runtime->layout.facts;
	const struct module *module;
	struct function function;
	int32_t delta;

	if (!facts->frames_have_link || !frame->trapped)
		return 0;
	addr_t pushed = reader_u64(reader, frame->sp);
	frame->sp += facts->stack_align;
	if (!goruntime_function(runtime, frame->pc, &module, &function)) {
		frame->pc = pushed;
		return 0;
	}
	return pclntab_stack_delta(&module->functions, &function, frame->pc, &delta) && !delta
		       ? pushed
		       : 0;
}

void unwind(const struct goruntime *runtime, const struct goroutine *goroutine, struct frames *ret)
{
	struct reader reader = reader_over(runtime->target);
	struct frame frame = {
		.pc = goroutine->pc,
		.sp = goroutine->sp,
		.innermost = true,
		.trapped = goroutine->position == POSITION_THREAD,
	};

	*ret = (struct frames){0};
	if (goroutine->position == POSITION_UNKNOWN)
		return;
	addr_t link = goroutine->link;
	skip_nil_call(runtime, &reader, &frame, &link);
	while (ret->list.count < MAX_FRAMES) {
		const struct frame *callee = ret->list.count ? vec_last(&ret->list) : NULL;

		if (!resolve(runtime, &frame, callee))
			return;
		if (frame.fp < frame.sp || frame.fp > goroutine->stack_high)
			return;
		vec_push(&ret->list, frame);
		if (frame.function.flags & FUNCTION_FLAG_TOP_FRAME) {
			ret->complete = true;
			return;
		}
		bool empty = frame.fp == frame.sp && !frame.innermost && !link;
		if (empty || is_end_of_knowledge(&frame))
			return;
		addr_t caller = return_address(runtime, &reader, &frame, link);

		if (reader.failed || !caller)
			return;
		frame = (struct frame){
			.pc = caller, .sp = frame.fp, .trapped = is_injected(&frame)};
		link = skip_pushed_link(runtime, &reader, &frame);
	}
}

void frames_deinit(struct frames *frames)
{
	vec_deinit(&frames->list);
}
