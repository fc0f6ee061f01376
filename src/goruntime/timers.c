#include "timers.h"

#include <string.h>

#include "addrmap.h"

enum {
	MAX_PROCESSORS = 1 << 16,
	MAX_TIMERS = 1 << 24,  /* in all heaps */
	STATE_ZOMBIE = 1 << 2, /* 1.23 and later: stopped, but still in the heap */
	/* The status up to 1.22. */
	STATUS_WAITING = 1,
	STATUS_RUNNING = 2,
	STATUS_MODIFIED_EARLIER = 7,
	STATUS_MODIFIED_LATER = 8,
};

struct loader {
	const struct goruntime *runtime;
	const struct layout *layout;
	struct reader reader;
	struct timers *timers;
	struct addrmap uses; /* the function value of a timer -> enum timer_use */
};

static enum timer_use use_of_name(const char *name)
{
	if (!strcmp(name, "time.goFunc"))
		return TIMER_FUNCTION;
	return strcmp(name, "time.sendTime") ? TIMER_OTHER : TIMER_CHANNEL;
}

/* There are few functions for many timers. */
static enum timer_use use_of(struct loader *loader, addr_t closure)
{
	struct reader reader = reader_over(loader->runtime->target);
	struct function function;
	uint32_t use = TIMER_OTHER;

	if (!closure || addrmap_get(&loader->uses, closure, &use))
		return use;
	addr_t entry = reader_u64(&reader, closure);
	if (!reader.failed && goruntime_function(loader->runtime, entry, NULL, &function))
		use = use_of_name(function.name);
	addrmap_set(&loader->uses, closure, use);
	return use;
}

/* Does it wait to fire? Corrects when it does. */
static bool is_active(struct loader *loader, struct timer *timer)
{
	const struct layout *layout = loader->layout;

	if (field_present(layout->timer.state))
		return !(read_field(&loader->reader, timer->address, layout->timer.state) &
			 STATE_ZOMBIE);
	switch (read_field(&loader->reader, timer->address, layout->timer.status)) {
	case STATUS_WAITING:
	case STATUS_RUNNING:
		return true;
	case STATUS_MODIFIED_EARLIER:
	case STATUS_MODIFIED_LATER:
		timer->when = read_field(&loader->reader, timer->address, layout->timer.nextwhen);
		return true;
	default:
		return false;
	}
}

static void load_timer(struct loader *loader, addr_t heap, addr_t address)
{
	const struct layout *layout = loader->layout;
	struct reader *reader = &loader->reader;
	struct timer timer = {.address = address, .heap = heap};

	timer.when = read_field(reader, address, layout->timer.when);
	timer.period = read_field(reader, address, layout->timer.period);
	/* The argument is an interface that holds a channel or function itself. */
	timer.argument = reader_u64(reader, address + layout->timer.arg.at + 8);
	timer.use = use_of(loader, reader_u64(reader, address + layout->timer.f.at));
	if (is_active(loader, &timer) && !reader->failed && loader->timers->list.count < MAX_TIMERS)
		vec_push(&loader->timers->list, timer);
	loader->timers->missing |= reader->failed;
	reader->failed = false;
}

/* Up to 1.22 pointers, later {timer, when}; a slice in both cases. */
static void load_heap(struct loader *loader, addr_t p)
{
	const struct layout *layout = loader->layout;
	bool has_keys = field_present(layout->timers.heap);
	addr_t at = p + layout->p.timers.at + (has_keys ? layout->timers.heap.at : 0);
	addr_t array = reader_u64(&loader->reader, at);
	uint64_t count = reader_u64(&loader->reader, at + 8);
	unsigned stride = has_keys ? 16 : 8;

	if (loader->reader.failed || count > MAX_TIMERS) {
		loader->timers->missing = true;
		loader->reader.failed = false;
		return;
	}
	for (uint64_t i = 0; i < count; i++) {
		addr_t timer = reader_u64(&loader->reader, array + i * stride);

		if (loader->reader.failed)
			break;
		if (timer)
			load_timer(loader, array, timer);
	}
	loader->timers->missing |= loader->reader.failed;
	loader->reader.failed = false;
}

void timers_load(const struct goruntime *runtime, struct timers *ret)
{
	struct loader loader = {
		.runtime = runtime,
		.layout = &runtime->layout,
		.reader = reader_over(runtime->target),
		.timers = ret,
	};

	*ret = (struct timers){.missing = !runtime->allp};
	if (!runtime->allp)
		return;
	addr_t array = reader_u64(&loader.reader, runtime->allp);
	uint64_t count = reader_u64(&loader.reader, runtime->allp + 8);
	for (uint64_t i = 0; i < MIN(count, (uint64_t)MAX_PROCESSORS); i++) {
		addr_t p = reader_u64(&loader.reader, array + 8 * i);

		if (p && !loader.reader.failed)
			load_heap(&loader, p);
	}
	ret->missing |= loader.reader.failed;
	addrmap_deinit(&loader.uses);
}

void timers_deinit(struct timers *timers)
{
	vec_deinit(&timers->list);
}
