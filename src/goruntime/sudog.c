#include "sudog.h"

/* The last word of a field: since 1.26 elem and c are pairs {vp, vu}, of which vp is hidden from
 * the leak detector's collections (runtime2.go, maybeTraceablePtr). */
static addr_t read_last_word(struct reader *reader, addr_t base, struct field field)
{
	return reader_u64(reader, base + field.at + field.size - sizeof(uint64_t));
}

/* 0: the channel was not captured. */
static addr_t read_elem_type(
	const struct target *target, const struct layout *layout, addr_t channel)
{
	struct reader reader = reader_over(target);

	return read_field(&reader, channel, layout->hchan.elemtype);
}

struct sudog sudog_read(struct reader *reader, const struct layout *layout, addr_t address)
{
	struct sudog sudog = {
		.address = address,
		.g = read_field(reader, address, layout->sudog.g),
		.channel = read_last_word(reader, address, layout->sudog.c),
		.elem = read_last_word(reader, address, layout->sudog.elem),
		.is_select = read_field(reader, address, layout->sudog.is_select),
	};

	if (sudog.channel)
		sudog.elem_type = read_elem_type(reader->target, layout, sudog.channel);
	return sudog;
}

bool sudogs_each(const struct goruntime *runtime, const struct goroutine *goroutine,
	sudog_fn *visit, void *context)
{
	const struct layout *layout = &runtime->layout;
	struct reader reader = reader_over(runtime->target);
	addr_t at = goroutine->waiting;

	for (unsigned i = 0; at && i < SUDOGS_MAX; i++) {
		struct sudog sudog = sudog_read(&reader, layout, at);

		/* Of those that wait for a semaphore waitlink belongs to the semaphore (sema.go).
		 */
		at = sudog.channel ? read_field(&reader, at, layout->sudog.waitlink) : 0;
		if (reader.failed)
			return false;
		visit(context, &sudog);
	}
	return !at;
}
