#include "map_call.h"

#include <string.h>

#include "unwind.h"

static bool is_of_maps(const char *name)
{
	static const char *const prefixes[] = {"runtime.mapassign", "runtime.mapaccess",
		"runtime.mapdelete", "runtime.mapiterinit", "runtime.mapclear"};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
			return true;
	}
	return false;
}

static bool read_arguments(struct types *types, const struct frame *frame, struct map_call *ret)
{
	struct reader reader = reader_over(types->runtime->target);
	addr_t type = reader_u64(&reader, frame->argp);
	addr_t map = reader_u64(&reader, frame->argp + 8);

	ret->type = reader.failed ? NULL : types_at(types, type);
	ret->map = map;
	return ret->type && ret->type->kind == KIND_MAP && map;
}

bool map_call_of(struct types *types, const struct goroutine *goroutine, struct map_call *ret)
{
	struct frames frames;
	bool found = false;

	unwind(types->runtime, goroutine, &frames);
	for (size_t i = 0; i < frames.list.count && !found; i++) {
		const struct frame *frame = &frames.list.items[i];

		found = is_of_maps(frame->function.name) && read_arguments(types, frame, ret);
	}
	frames_deinit(&frames);
	return found;
}
