#include "chain_start.h"

#include <inttypes.h>

#include "goroutine_text.h"
#include "timer_heap.h"

bool chain_is_of_timers(const struct analysis *analysis, const struct path *path)
{
	vec_foreach (node, &path->nodes) {
		if (!node_is_virtual(analysis->objects, *node) &&
			timer_heap_is(analysis->heap, object_of_node(analysis->objects, *node)))
			return true;
	}
	return false;
}

char *chain_start_text(const struct analysis *analysis, const struct path *path)
{
	const struct stacks *stacks = &analysis->objects->stacks;
	const struct virtual_node *first;

	if (chain_is_of_timers(analysis, path))
		return memory_string("a timer");
	first = virtual_of_node(analysis->objects, path->nodes.items[0]);
	if (first->kind != VIRTUAL_GOROUTINE)
		return memory_string("");
	const struct goroutine *goroutine = &stacks->goroutines.list.items[first->index];
	_cleanup_free_ char *top =
		goroutine_text_top(&stacks->groups.items[stacks->group_of[first->index]]);
	return memory_format("goroutine %" PRIu64 " (%s), in %s", goroutine->goid, top,
		goroutine_text_state(analysis, goroutine));
}
