#include "stacks.h"

#include <string.h>
#include <xxhash.h>

#include "addrmap.h"
#include "inlined_call.h"

static uint64_t hash_frames(const struct frames *frames, const struct goroutine *goroutine)
{
	uint64_t hash = goroutine->go_pc;

	vec_foreach (frame, &frames->list)
		hash = XXH3_64bits_withSeed(&frame->pc, sizeof(frame->pc), hash);
	return hash | 1;
}

/* Of the calls of a frame, of which some may be put in line, the innermost that is not of the
 * standard library. False: there is none; then ret is the outermost. What the compiler puts around
 * a function (of a go statement: cmd/compile, wrapGoDefer) is none. */
static bool own_call(
	const struct stacks *stacks, const struct frame *frame, struct group_frame *ret)
{
	const struct function *function = &frame->function;
	bool in_line = true, wraps = function->id == stacks->runtime->layout.features.wrapper;
	addr_t pc = frame_line_pc(frame);

	for (unsigned i = 0; in_line && i < DEEPEST_INLINING; i++) {
		struct group_frame call = {frame->module, *function, frame->pc, pc};
		const char *file = "";
		int line;

		call.function.name =
			inlined_call_name(stacks->runtime, frame->module, function, pc);
		pclntab_line(&frame->module->functions, function, pc, &file, &line);
		in_line = inlined_call_leave(stacks->runtime, frame->module, function, &pc);
		if (!in_line && wraps)
			return false;
		*ret = call;
		if (!standard_library_has(&stacks->library, call.function.name, file))
			return true;
	}
	return false;
}

/* The outermost frame is goexit, and says nothing. */
static struct group_frame top_of(
	const struct stacks *stacks, const struct group_frame *first, const struct frames *frames)
{
	struct group_frame top = *first;

	for (size_t i = 0; i + 1 < frames->list.count; i++) {
		if (own_call(stacks, &frames->list.items[i], &top))
			break;
	}
	return top;
}

static void add_group(
	struct stacks *stacks, uint64_t hash, uint32_t goroutine, const struct frames *frames)
{
	struct goroutine_group group = {
		.hash = hash, .first = goroutine, .complete = frames->complete};

	vec_foreach (frame, &frames->list)
		vec_push(&group.frames,
			{.module = frame->module,
				.function = frame->function,
				.pc = frame->pc,
				.line_pc = inlined_call_pc(stacks->runtime, frame->module,
					&frame->function, frame_line_pc(frame))});
	if (frames->list.count)
		group.top = top_of(stacks, &group.frames.items[0], frames);
	vec_push(&stacks->groups, group);
}

static void enter(struct stacks *stacks, struct addrmap *by_hash, uint32_t goroutine,
	const struct frames *frames)
{
	uint64_t hash = hash_frames(frames, &stacks->goroutines.list.items[goroutine]);
	uint32_t number;

	if (!addrmap_get(by_hash, hash, &number)) {
		number = (uint32_t)stacks->groups.count;
		add_group(stacks, hash, goroutine, frames);
		addrmap_set(by_hash, hash, number);
	}
	stacks->groups.items[number].count++;
	stacks->group_of[goroutine] = number;
	stacks->incomplete += !frames->complete;
}

struct error *stacks_load(
	const struct goruntime *runtime, stack_fn *visit, void *context, struct stacks *ret)
{
	struct addrmap by_hash = {0};

	*ret = (struct stacks){.runtime = runtime};
	standard_library_find(runtime, &ret->library);
	TRY(goroutines_load(runtime, &ret->goroutines));
	ret->group_of = memory_array(ret->goroutines.list.count, sizeof(*ret->group_of));
	for (uint32_t i = 0; i < ret->goroutines.list.count; i++) {
		struct frames frames;

		unwind(runtime, &ret->goroutines.list.items[i], &frames);
		enter(ret, &by_hash, i, &frames);
		visit(context, i, &frames);
		frames_deinit(&frames);
	}
	addrmap_deinit(&by_hash);
	return NULL;
}

void stacks_deinit(struct stacks *stacks)
{
	vec_foreach (group, &stacks->groups)
		vec_deinit(&group->frames);
	vec_deinit(&stacks->groups);
	free(stacks->group_of);
	goroutines_deinit(&stacks->goroutines);
	*stacks = (struct stacks){0};
}

const struct group_frame *stacks_top(const struct goroutine_group *group)
{
	return group->frames.count ? &group->top : NULL;
}

bool stacks_is_system(const struct goroutine_group *group)
{
	/* The outermost frame is runtime.goexit; before it comes the function of the go statement.
	 */
	if (group->frames.count < 2)
		return group->frames.count == 1;
	const char *name = group->frames.items[group->frames.count - 2].function.name;

	/* isSystemGoroutine, traceback.go: the program's own main, and the coroutines of iter.Pull.
	 */
	return !strncmp(name, "runtime.", strlen("runtime.")) &&
	       strcmp(name, "runtime.main") != 0 && strcmp(name, "runtime.corostart") != 0;
}
