#include "goroutine_text.h"

#include "inlined_call.h"
#include "naming.h"

enum { MAIN_GOID = 1 };

char *goroutine_text_frame(const struct group_frame *frame)
{
	_cleanup_free_ char *line = naming_line(frame);

	return memory_format("%s%s%s", frame->function.name, *line ? " at " : "", line);
}

char *goroutine_text_created_by(const struct analysis *analysis, const struct goroutine *goroutine)
{
	struct group_frame frame = {.pc = goroutine->go_pc, .line_pc = goroutine->go_pc - 1};

	if (goroutine->goid == MAIN_GOID || !goroutine->go_pc ||
		!goruntime_function(analysis->program->runtime, goroutine->go_pc, &frame.module,
			&frame.function))
		return memory_string("");
	frame.line_pc = inlined_call_pc(
		analysis->program->runtime, frame.module, &frame.function, frame.line_pc);
	return goroutine_text_frame(&frame);
}

char *goroutine_text_top(const struct goroutine_group *group)
{
	const struct group_frame *frame = stacks_top(group);

	return frame ? goroutine_text_frame(frame) : memory_string("");
}

char *goroutine_text_function(const struct analysis *analysis, addr_t pc)
{
	struct function function;

	return memory_string(goruntime_function(analysis->program->runtime, pc, NULL, &function)
				     ? function.name
				     : "");
}

const char *goroutine_text_state(const struct analysis *analysis, const struct goroutine *goroutine)
{
	const char *reason = goroutine_wait_reason(analysis->program->runtime, goroutine);

	return *reason ? reason : goroutine_status_name(goroutine->status);
}

uint64_t goroutine_bound_wait(const struct analysis *analysis, uint64_t wait_ns)
{
	uint64_t uptime_ns = analysis->program->target->capture.uptime_ns;

	return uptime_ns ? MIN(wait_ns, uptime_ns) : wait_ns;
}

uint64_t goroutine_waited(
	const struct analysis *analysis, const struct goroutine *goroutine, uint64_t now_ns)
{
	bool waits =
		goroutine->status == GOROUTINE_WAITING || goroutine->status == GOROUTINE_LEAKED;

	return waits && goroutine->wait_since && now_ns > goroutine->wait_since
		       ? goroutine_bound_wait(analysis, now_ns - goroutine->wait_since)
		       : 0;
}

uint64_t goroutine_clock(const struct analysis *analysis)
{
	uint64_t latest = analysis->program->target->capture.monotonic_ns;

	if (latest)
		return latest;
	vec_foreach (goroutine, &analysis->objects->stacks.goroutines.list)
		latest = MAX(latest, goroutine->wait_since);
	return latest;
}
