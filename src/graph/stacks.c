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

static bool is_runtime_name(const char *name)
{
	return !strncmp(name, "runtime.", strlen("runtime.")) ||
	       !strncmp(name, "runtime/", strlen("runtime/")) ||
	       !strncmp(name, "internal/", strlen("internal/")) ||
	       !strncmp(name, "sync.", strlen("sync."));
}

const struct group_frame *stacks_top(const struct goroutine_group *group)
{
	vec_foreach (frame, &group->frames) {
		if (!is_runtime_name(frame->function.name))
			return frame;
	}
	/* The outermost is goexit, called by the function of the go statement. */
	size_t count = group->frames.count;
	return count ? &group->frames.items[count > 1 ? count - 2 : 0] : NULL;
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
