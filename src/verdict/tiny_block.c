#include "tiny_block.h"

#include "bytes.h"
#include "sorted.h"

enum {
	SEMAPHORE_BYTES = 4,
	MAX_STACK_LOOKED_AT = 1 << 20,
};

void tiny_locks_add(struct tiny_locks *locks, addr_t semaphore)
{
	const struct heap *heap = locks->analysis->heap;
	const struct span *span = heap_span_at(heap, semaphore);

	if (span && span->spanclass == TINY_SPAN_CLASS)
		vec_push(&locks->list, {heap_object_at(heap, semaphore), semaphore});
}

static int by_block(const void *left, const void *right)
{
	const struct tiny_lock *a = left, *b = right;

	if (a->block != b->block)
		return a->block < b->block ? -1 : 1;
	return (a->semaphore > b->semaphore) - (a->semaphore < b->semaphore);
}

void tiny_locks_sort(struct tiny_locks *locks)
{
	if (locks->list.count)
		qsort(locks->list.items, locks->list.count, sizeof(struct tiny_lock), by_block);
}

/* The last semaphore of a block, 0 when none is known. */
static addr_t last_semaphore(const struct tiny_locks *locks, object_t block)
{
	size_t low =
		sorted_prefix(locks->list.items, locks->list.count, item, item->block <= block);

	return low && locks->list.items[low - 1].block == block
		       ? locks->list.items[low - 1].semaphore
		       : 0;
}

/* The part of a block in which a reference may lead to the lock. */
struct part {
	addr_t start, end;
	bool found;
};

static void look_at_word(struct part *part, addr_t word)
{
	part->found |= part->start <= word && word < part->end;
}

static void look_at_pointer(void *context, uint64_t offset, addr_t value)
{
	(void)offset;
	look_at_word(context, value);
}

static void look_at_memory(
	const struct analysis *analysis, addr_t start, size_t length, struct part *part)
{
	_cleanup_free_ uint8_t *bytes = memory_alloc(length + 8);

	target_read_present(analysis->program->target, start, bytes, length);
	for (size_t at = 0; at + 8 <= length; at += 8)
		look_at_word(part, load_u64(bytes + at));
}

/* Any word of the stack and the registers, in whatever frame. */
static void look_at_stack(
	const struct analysis *analysis, const struct goroutine *goroutine, struct part *part)
{
	addr_t low = goroutine->sp & ~7ull;

	if (goroutine->position == POSITION_UNKNOWN || low >= goroutine->stack_high ||
		goroutine->stack_high - low > MAX_STACK_LOOKED_AT) {
		part->found = true;
		return;
	}
	look_at_memory(analysis, low, (size_t)(goroutine->stack_high - low), part);
	for (unsigned i = 0; goroutine->registers && i < goroutine->registers->general_count; i++)
		look_at_word(part, goroutine->registers->general[i]);
}

static void look_at_node(const struct analysis *analysis, node_t node, struct part *part)
{
	const struct object_graph *objects = analysis->objects;

	if (!node_is_virtual(objects, node)) {
		object_t object = object_of_node(objects, node);
		const struct span *span = heap_span_of(analysis->heap, object);

		pointer_map_each(analysis->maps, analysis->heap, span, object - span->first,
			look_at_pointer, part);
		return;
	}
	const struct virtual_node *known = virtual_of_node(objects, node);
	if (known->kind == VIRTUAL_VARIABLE) {
		const struct go_variable *variable = &objects->variables.items[known->index];

		look_at_memory(analysis, variable->address, (size_t)variable->size, part);
	} else if (known->kind == VIRTUAL_FRAME) {
		look_at_stack(analysis, &objects->stacks.goroutines.list.items[known->index], part);
	} else {
		part->found = true;
	}
}

bool tiny_locks_lead(void *context, node_t from, node_t to)
{
	const struct tiny_locks *locks = context;
	object_t block = object_of_node(locks->analysis->objects, to);
	addr_t semaphore = last_semaphore(locks, block);

	if (!semaphore)
		return true;
	struct part part = {
		heap_address(locks->analysis->heap, block), semaphore + SEMAPHORE_BYTES, false};
	look_at_node(locks->analysis, from, &part);
	return part.found;
}
