#include "crash.h"

#include "stack_closures.h"

struct finder {
	const struct analysis *analysis;
	const struct stacks *stacks;
	struct crash *crash;
	bool has_map; /* the goroutine that is looked at */
};

static const struct goroutine *goroutine_at(const struct finder *finder, uint32_t number)
{
	return &finder->stacks->goroutines.list.items[number];
}

static void look_for_map(void *context, addr_t word)
{
	struct finder *finder = context;

	finder->has_map |= word == finder->crash->map.map;
}

/* Who does not wait and has the map on his stack. */
static void find_users(struct finder *finder)
{
	for (uint32_t i = 0; i < finder->stacks->goroutines.list.count; i++) {
		if (i == finder->crash->error.goroutine ||
			goroutine_at(finder, i)->status == GOROUTINE_WAITING)
			continue;
		finder->has_map = false;
		stack_words_each(
			finder->stacks->runtime, goroutine_at(finder, i), look_for_map, finder);
		if (finder->has_map)
			vec_push(&finder->crash->goroutines, i);
	}
}

static void find_map(struct finder *finder)
{
	uint32_t cause = (uint32_t)finder->crash->error.goroutine;
	struct types *types = &finder->analysis->typing->types;

	if (map_call_of(types, goroutine_at(finder, cause), &finder->crash->map))
		find_users(finder);
}

/* All that the program itself has started. */
static void find_sleepers(struct finder *finder)
{
	for (uint32_t i = 0; i < finder->stacks->goroutines.list.count; i++) {
		const struct goroutine_group *group =
			&finder->stacks->groups.items[finder->stacks->group_of[i]];

		if (!stacks_is_system(group))
			vec_push(&finder->crash->goroutines, i);
	}
}

void crash_find(const struct analysis *analysis, struct crash *ret)
{
	const struct stacks *stacks = &analysis->objects->stacks;
	struct finder finder = {analysis, stacks, ret, false};

	*ret = (struct crash){.found = false};
	ret->found = fatal_error_find(analysis->program->runtime, &stacks->goroutines, &ret->error);
	if (!ret->found)
		return;
	if (ret->error.goroutine != NO_GOROUTINE)
		vec_push(&ret->goroutines, (uint32_t)ret->error.goroutine);
	if (fatal_error_is_of_map(&ret->error) && ret->error.goroutine != NO_GOROUTINE)
		find_map(&finder);
	if (fatal_error_is_deadlock(&ret->error))
		find_sleepers(&finder);
}

void crash_deinit(struct crash *crash)
{
	vec_deinit(&crash->goroutines);
}
