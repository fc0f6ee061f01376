#include "wait_queues.h"

void wait_queues_deinit(struct wait_queues *queues)
{
	vec_deinit(&queues->list);
	addrmap_deinit(&queues->by_sudog);
	addrmap_deinit(&queues->by_g);
	addrmap_deinit(&queues->seen);
}

/* False when it is there already: a sudog is in one queue, so the list goes round in a circle. */
static bool add(struct wait_queues *queues, addr_t sudog, addr_t g, addr_t object)
{
	if (addrmap_get(&queues->by_sudog, sudog, NULL))
		return false;
	addrmap_set(&queues->by_sudog, sudog, (uint32_t)queues->list.count);
	vec_push(&queues->list, {sudog, g, object});
	return true;
}

static bool see(struct wait_queues *queues, addr_t object)
{
	if (!object || addrmap_get(&queues->seen, object, NULL))
		return false;
	addrmap_set(&queues->seen, object, 0);
	return true;
}

static void add_waitq(struct wait_queues *queues, const struct goruntime *runtime, addr_t channel,
	struct field field)
{
	const struct layout *layout = &runtime->layout;
	struct reader reader = reader_over(runtime->target);
	addr_t at = read_field(&reader, channel + field.at, layout->waitq.first);

	while (at) {
		struct sudog sudog = sudog_read(&reader, layout, at);

		if (reader.failed || sudog.channel != channel || !add(queues, at, sudog.g, channel))
			return;
		at = read_field(&reader, at, layout->sudog.next);
	}
}

void wait_queues_add_channel(
	struct wait_queues *queues, const struct goruntime *runtime, addr_t channel)
{
	if (!see(queues, channel))
		return;
	add_waitq(queues, runtime, channel, runtime->layout.hchan.recvq);
	add_waitq(queues, runtime, channel, runtime->layout.hchan.sendq);
}

/* The list must end where notifyList.tail says, and be no longer than its counters: those that came
 * and those that were notified (they wrap). */
static bool is_notify_list(const struct wait_queues *queues, const struct goruntime *runtime,
	struct reader *reader, addr_t notify_list)
{
	const struct layout *layout = &runtime->layout;
	uint32_t came = (uint32_t)read_field(reader, notify_list, layout->notify_list.wait);
	uint32_t notified = (uint32_t)read_field(reader, notify_list, layout->notify_list.notify);
	addr_t tail = read_field(reader, notify_list, layout->notify_list.tail);
	addr_t at = read_field(reader, notify_list, layout->notify_list.head);
	size_t limit = MIN(queues->longest, (size_t)(came - notified));

	for (size_t i = 0; at && at % 8 == 0 && i < limit && !reader->failed; i++) {
		if (at == tail)
			return true;
		at = read_field(reader, at, layout->sudog.next);
	}
	return false;
}

void wait_queues_add_condition(
	struct wait_queues *queues, const struct goruntime *runtime, addr_t notify_list)
{
	const struct layout *layout = &runtime->layout;
	struct reader reader = reader_over(runtime->target);

	if (notify_list % 8 || !see(queues, notify_list) ||
		!is_notify_list(queues, runtime, &reader, notify_list))
		return;
	addr_t at = read_field(&reader, notify_list, layout->notify_list.head);
	while (at && !reader.failed) {
		struct sudog sudog = sudog_read(&reader, layout, at);

		if (reader.failed || !add(queues, at, sudog.g, notify_list))
			return;
		if (sudog.g)
			addrmap_set(&queues->by_g, sudog.g, (uint32_t)queues->list.count - 1);
		at = read_field(&reader, at, layout->sudog.next);
	}
}

/* A node of the treap and those that wait for the same semaphore. Its children are put on the
 * stack.
 */
struct treap {
	VEC(addr_t) pending;
};

static void add_treap_node(struct wait_queues *queues, const struct goruntime *runtime,
	struct reader *reader, struct treap *treap)
{
	const struct layout *layout = &runtime->layout;
	addr_t node = vec_pop(&treap->pending);

	for (addr_t at = node; at && !reader->failed;
		at = read_field(reader, at, layout->sudog.waitlink)) {
		struct sudog sudog = sudog_read(reader, layout, at);

		if (reader->failed || !add(queues, at, sudog.g, sudog.elem))
			return;
		if (sudog.g)
			addrmap_set(&queues->by_g, sudog.g, (uint32_t)queues->list.count - 1);
	}
	addr_t left = read_field(reader, node, layout->sudog.prev);
	addr_t right = read_field(reader, node, layout->sudog.next);
	if (left)
		vec_push(&treap->pending, left);
	if (right)
		vec_push(&treap->pending, right);
}

bool wait_queues_add_semaphores(struct wait_queues *queues, const struct goruntime *runtime)
{
	struct reader reader = reader_over(runtime->target);
	struct treap treap = {0};

	for (unsigned i = 0; runtime->semtable && i < SEMA_ROOTS && !reader.failed; i++) {
		addr_t root =
			runtime->semtable + (addr_t)i * runtime->layout.facts.sema_root_stride;
		addr_t top = read_field(&reader, root, runtime->layout.sema_root.treap);

		if (top)
			vec_push(&treap.pending, top);
		while (treap.pending.count && !reader.failed)
			add_treap_node(queues, runtime, &reader, &treap);
	}
	vec_deinit(&treap.pending);
	return runtime->semtable && !reader.failed;
}

const struct queued *wait_queues_sudog(const struct wait_queues *queues, addr_t sudog)
{
	uint32_t place;

	return addrmap_get(&queues->by_sudog, sudog, &place) ? &queues->list.items[place] : NULL;
}

const struct queued *wait_queues_of(const struct wait_queues *queues, addr_t g)
{
	uint32_t place;

	return addrmap_get(&queues->by_g, g, &place) ? &queues->list.items[place] : NULL;
}
