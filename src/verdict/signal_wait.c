#include "signal_wait.h"

#include <string.h>

static bool is_signal_channel(const struct analysis *analysis, addr_t channel)
{
	const struct goruntime *runtime = analysis->program->runtime;
	struct reader reader = reader_over(analysis->program->target);
	uint64_t size = read_field(&reader, channel, runtime->layout.hchan.elemsize);

	return !reader.failed && !size;
}

static bool only_signals(const struct analysis *analysis, const struct never_wakes *wakes,
	const struct goroutine_wait *wait)
{
	for (uint32_t i = 0; i < wait->count; i++) {
		if (!is_signal_channel(
			    analysis, wakes->waits.awaited.items[wait->first + i].object))
			return false;
	}
	return wait->count > 0;
}

enum signal_wait signal_wait_of(
	const struct analysis *analysis, const struct never_wakes *wakes, uint32_t goroutine)
{
	const struct stacks *stacks = &analysis->objects->stacks;
	const struct goroutine_wait *wait = &wakes->waits.of[goroutine];
	const char *reason =
		goroutine_wait_reason(stacks->runtime, &stacks->goroutines.list.items[goroutine]);

	switch (wait->kind) {
	case WAIT_CHANNEL:
		return only_signals(analysis, wakes, wait) ? SIGNAL_ONLY : SIGNAL_NONE;
	case WAIT_SEMAPHORE:
		return SIGNAL_ONLY;
	case WAIT_FOREVER:
	case WAIT_CONDITION: /* a queue of work, mostly */
		return SIGNAL_NONE;
	case WAIT_OTHER:
		break;
	}
	return strcmp(reason, "IO wait") ? SIGNAL_NONE : SIGNAL_NETWORK;
}
