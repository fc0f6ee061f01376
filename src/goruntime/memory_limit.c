#include "memory_limit.h"

#include "bytes.h"

enum {
	DEFAULT_HEAP_MINIMUM = 4 << 20, /* bytes: defaultHeapMinimum */
	MAX_GC_PERCENT = 1 << 24,
};

/* The limit in what may be the controller; 0: it is not. heapMinimum follows from gcPercent
 * (gcControllerState.setGCPercent), unless that is off; in a new process it is the default. */
static uint64_t read_controller(const struct layout *layout, const uint8_t *bytes)
{
	int32_t percent = (int32_t)load_u32(bytes + layout->gc_controller.gc_percent.at);
	uint64_t limit = load_u64(bytes + layout->gc_controller.memory_limit.at);
	uint64_t minimum = load_u64(bytes + layout->gc_controller.heap_minimum.at);

	if (percent < -1 || percent > MAX_GC_PERCENT || limit > INT64_MAX || !limit)
		return 0;
	if (percent < 0)
		return minimum && minimum % (DEFAULT_HEAP_MINIMUM / 100) == 0 ? limit : 0;
	return minimum == (uint64_t)DEFAULT_HEAP_MINIMUM * (uint64_t)percent / 100 ? limit : 0;
}

static bool is_distinct(const struct layout *layout, const uint8_t *bytes)
{
	return load_u32(bytes + layout->gc_controller.gc_percent.at) &&
	       load_u32(bytes + layout->gc_controller.gc_percent.at + 4) == 0;
}

/* Without symbols: percentage, limit and minimum stand side by side and follow from one another. */
static uint64_t search(const struct goruntime *runtime, addr_t start, addr_t end)
{
	const struct layout *layout = &runtime->layout;
	size_t size =
		layout->gc_controller.heap_minimum.at + layout->gc_controller.heap_minimum.size;
	size_t length = (size_t)(end - start);
	_cleanup_free_ uint8_t *bytes = memory_alloc(length);

	target_read_present(runtime->target, start, bytes, length);
	for (size_t at = 0; at + size <= length; at += 8) {
		uint64_t limit =
			is_distinct(layout, bytes + at) ? read_controller(layout, bytes + at) : 0;

		if (limit)
			return limit;
	}
	return 0;
}

uint64_t memory_limit_of_runtime(const struct goruntime *runtime)
{
	const struct module *program = &runtime->modules.list.items[0];
	addr_t known = symbols_address(&runtime->symbols, "runtime.gcController");
	uint8_t bytes[64];
	uint64_t limit = 0;

	if (known && !target_read_present(runtime->target, known, bytes, sizeof(bytes)))
		limit = read_controller(&runtime->layout, bytes);
	if (!limit)
		limit = search(runtime, program->noptrbss, program->enoptrbss);
	if (!limit)
		limit = search(runtime, program->noptrdata, program->enoptrdata);
	if (!limit)
		limit = search(runtime, program->bss, program->ebss);
	return limit < INT64_MAX ? limit : 0; /* math.MaxInt64: none */
}
