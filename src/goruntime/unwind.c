#include "unwind.h"

#include <string.h>

enum { MAX_FRAMES = 1 << 20 };

static bool is_named(const struct frame *frame, const char *name)
{
	return !strcmp(frame->function.name, name);
}

bool frame_is_injected(const struct frame *frame)
{
	return is_named(frame, "runtime.asyncPreempt") || is_named(frame, "runtime.debugCallV2") ||
	       is_named(frame, "runtime.sigpanic");
}

addr_t frame_line_pc(const struct frame *frame)
{
	return frame->trapped || frame->pc <= frame->function.entry ? frame->pc : frame->pc - 1;
}

/* amd64: the return address lies below fp, and below that, when the frame is large enough to have
 * one, the saved base pointer. */
static bool resolve(
	const struct goruntime *runtime, struct frame *frame, const struct frame *callee)
{
	int32_t delta;

	if (!goruntime_function(runtime, frame->pc, &frame->module, &frame->function) ||
		!pclntab_stack_delta(
			&frame->module->functions, &frame->function, frame->pc, &delta) ||
		delta < 0)
		return false;
	frame->fp = frame->sp + (addr_t)delta + 8;
	frame->varp = frame->fp - 8;
	if (frame->varp > frame->sp)
		frame->varp -= 8;
	frame->argp = frame->fp;
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
static void skip_nil_call(struct reader *reader, struct frame *frame)
{
	if (frame->pc)
		return;
	frame->pc = reader_u64(reader, frame->sp);
	frame->sp += 8;
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
	skip_nil_call(&reader, &frame);
	while (ret->list.count < MAX_FRAMES) {
		const struct frame *callee = ret->list.count ? vec_last(&ret->list) : NULL;

		if (!resolve(runtime, &frame, callee))
			return;
		if (frame.fp <= frame.sp || frame.fp > goroutine->stack_high)
			return;
		vec_push(&ret->list, frame);
		if (frame.function.flags & FUNCTION_FLAG_TOP_FRAME) {
			ret->complete = true;
			return;
		}
		if (is_end_of_knowledge(&frame))
			return;
		addr_t caller = reader_u64(&reader, frame.fp - 8);

		if (reader.failed || !caller)
			return;
		frame = (struct frame){
			.pc = caller, .sp = frame.fp, .trapped = frame_is_injected(&frame)};
	}
}

void frames_deinit(struct frames *frames)
{
	vec_deinit(&frames->list);
}
