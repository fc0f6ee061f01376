#include "waits.h"

#include <string.h>

#include "bytes.h"

enum { COND_WAIT_STACK = 2048 }; /* bytes: the frames from sync.Cond.Wait to gopark */

struct loader {
	const struct heap *heap;
	const struct goruntime *runtime;
	struct wait_queues queues;
	struct waits *waits;
};

static struct goroutine_wait wait_of(const struct loader *loader, const struct goroutine *goroutine)
{
	bool waiting =
		goroutine->status == GOROUTINE_WAITING || goroutine->status == GOROUTINE_LEAKED;

	return (struct goroutine_wait){
		.kind = waiting ? layout_wait_kind(&loader->runtime->layout, goroutine->wait_reason)
				: WAIT_OTHER,
		.first = (uint32_t)loader->waits->awaited.count,
	};
}

static void add_awaited(void *context, const struct sudog *sudog)
{
	struct loader *loader = context;
	/* Of a semaphore or a condition (since 1.26) elem is what is waited for. */
	bool of_channel = sudog->channel;

	vec_push(
		&loader->waits->awaited, {sudog->address, of_channel ? sudog->channel : sudog->elem,
						 of_channel ? sudog->elem : 0});
}

static bool all_queued(const struct loader *loader, const struct goroutine *goroutine,
	const struct goroutine_wait *wait)
{
	for (uint32_t i = wait->first; i < wait->first + wait->count; i++) {
		const struct awaited *awaited = &loader->waits->awaited.items[i];
		const struct queued *queued = wait_queues_sudog(&loader->queues, awaited->sudog);

		if (!queued || queued->object != awaited->object || queued->g != goroutine->address)
			return false;
	}
	return true;
}

/* Without sudogs: all its channels are nil, and it does not end. */
static bool is_select(const struct loader *loader, const struct goroutine *goroutine)
{
	return !strcmp(goroutine_wait_reason(loader->runtime, goroutine), "select");
}

static void find_channels(
	struct loader *loader, const struct goroutine *goroutine, struct goroutine_wait *wait)
{
	if (!sudogs_each(loader->runtime, goroutine, add_awaited, loader))
		return;
	wait->count = (uint32_t)loader->waits->awaited.count - wait->first;
	for (uint32_t i = wait->first; i < wait->first + wait->count; i++)
		wait_queues_add_channel(
			&loader->queues, loader->runtime, loader->waits->awaited.items[i].object);
	if (!wait->count && is_select(loader, goroutine))
		wait->kind = WAIT_FOREVER;
	wait->settled =
		wait->count ? all_queued(loader, goroutine, wait) : wait->kind == WAIT_FOREVER;
}

static void take_from_queue(
	struct loader *loader, const struct goroutine *goroutine, struct goroutine_wait *wait)
{
	const struct queued *queued = wait_queues_of(&loader->queues, goroutine->address);

	if (!queued)
		return;
	vec_push(&loader->waits->awaited, {queued->sudog, queued->object, 0});
	wait->count = 1;
	wait->settled = true;
}

/* In the heap or in a package variable. */
static bool may_be_condition(const struct loader *loader, addr_t address)
{
	const struct module *program = &loader->runtime->modules.list.items[0];

	return heap_object_at(loader->heap, address) != NO_OBJECT ||
	       (program->noptrdata <= address && address < program->end);
}

/* Before 1.26 nothing of the runtime's leads from a goroutine to the notifyList that it is in: its
 * address is in the frames of Cond.Wait. */
static void search_condition(struct loader *loader, const struct goroutine *goroutine)
{
	uint8_t words[COND_WAIT_STACK];
	addr_t low = goroutine->sp & ~7ull;
	size_t length = (size_t)MIN(goroutine->stack_high - low, (addr_t)sizeof(words));

	if (target_read_present(loader->runtime->target, low, words, length))
		return;
	for (size_t at = 0; at + 8 <= length; at += 8) {
		addr_t word = load_u64(words + at);

		if (!may_be_condition(loader, word))
			continue;
		wait_queues_add_condition(&loader->queues, loader->runtime, word);
		if (wait_queues_of(&loader->queues, goroutine->address))
			return;
	}
}

static void find_condition(
	struct loader *loader, const struct goroutine *goroutine, struct goroutine_wait *wait)
{
	if (!loader->runtime->layout.features.sema_in_waiting) {
		if (!wait_queues_of(&loader->queues, goroutine->address) &&
			goroutine->position == POSITION_SAVED)
			search_condition(loader, goroutine);
	} else {
		struct reader reader = reader_over(loader->runtime->target);
		struct sudog sudog =
			sudog_read(&reader, &loader->runtime->layout, goroutine->waiting);

		if (!reader.failed && !sudog.channel)
			wait_queues_add_condition(&loader->queues, loader->runtime, sudog.elem);
	}
	take_from_queue(loader, goroutine, wait);
}

static struct goroutine_wait find_wait(struct loader *loader, const struct goroutine *goroutine)
{
	struct goroutine_wait wait = wait_of(loader, goroutine);

	switch (wait.kind) {
	case WAIT_OTHER:
		break;
	case WAIT_FOREVER:
		wait.settled = true;
		break;
	case WAIT_CHANNEL:
		find_channels(loader, goroutine, &wait);
		break;
	case WAIT_SEMAPHORE:
		take_from_queue(loader, goroutine, &wait);
		break;
	case WAIT_CONDITION:
		find_condition(loader, goroutine, &wait);
		break;
	}
	return wait;
}

void waits_load(const struct heap *heap, const struct goroutines *goroutines, struct waits *ret)
{
	struct loader loader = {
		.heap = heap,
		.runtime = heap->runtime,
		.queues = {.longest = goroutines->list.count},
		.waits = ret,
	};

	*ret = (struct waits){
		.of = memory_array(goroutines->list.count, sizeof(*ret->of)),
	};
	ret->semaphores_missing = !wait_queues_add_semaphores(&loader.queues, heap->runtime);
	for (size_t i = 0; i < goroutines->list.count; i++)
		ret->of[i] = find_wait(&loader, &goroutines->list.items[i]);
	wait_queues_deinit(&loader.queues);
}

void waits_deinit(struct waits *waits)
{
	free(waits->of);
	vec_deinit(&waits->awaited);
	*waits = (struct waits){0};
}
