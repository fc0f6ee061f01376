#include "goroutine_verdicts.h"

#include "fatal_error.h"
#include "goroutine_text.h"

static struct error *find_stuck(
	const struct analysis *analysis, struct goroutine_verdicts *verdicts)
{
	const struct stacks *stacks = &analysis->objects->stacks;
	size_t count = stacks->goroutines.list.count;
	_cleanup_free_ uint32_t *key_of = memory_array(count, sizeof(*key_of));

	for (size_t i = 0; i < count; i++) {
		uint32_t deadlock = verdicts->deadlocks.of[i];

		key_of[i] = NO_KEY;
		if (verdicts->wakes->of[i].verdict == VERDICT_NEVER_WAKES)
			key_of[i] = deadlock == NO_DEADLOCK
					    ? stacks->group_of[i]
					    : (uint32_t)stacks->groups.count +
						      verdicts->deadlocks.list.items[deadlock].like;
	}
	return stuck_groups_find(analysis, &verdicts->wakes->input, verdicts->wakes->reach.reached,
		key_of, &verdicts->stuck);
}

/* The runtime ends a program in which nobody can wake anybody any more. */
static void add_crash(const struct analysis *analysis, struct never_wakes *wakes)
{
	const struct stacks *stacks = &analysis->objects->stacks;
	struct fatal_error error;

	if (!fatal_error_find(analysis->program->runtime, &stacks->goroutines, &error) ||
		!fatal_error_is_deadlock(&error))
		return;
	for (uint32_t i = 0; i < stacks->goroutines.list.count; i++) {
		struct goroutine_verdict *verdict = &wakes->of[i];

		if (verdict->verdict != VERDICT_ALIVE || wakes->waits.of[i].kind == WAIT_OTHER ||
			stacks_is_system(&stacks->groups.items[stacks->group_of[i]]))
			continue;
		*verdict = (struct goroutine_verdict){VERDICT_NEVER_WAKES, WAKE_ALL_ASLEEP};
		wakes->count++;
	}
}

/* Each looks at those that are alive by the ones before. */
static struct error *find(const struct analysis *analysis, struct goroutine_verdicts *verdicts)
{
	TRY(never_wakes_find(analysis, &verdicts->wakes));
	add_crash(analysis, verdicts->wakes);
	TRY(deadlocks_find(analysis, verdicts->wakes, &verdicts->deadlocks));
	TRY(find_stuck(analysis, verdicts));
	TRY(orphans_find(analysis, verdicts->wakes, &verdicts->orphans));
	return sole_holders_find(
		analysis, verdicts->wakes, goroutine_clock(analysis), &verdicts->holders);
}

struct error *goroutine_verdicts_find(
	const struct analysis *analysis, struct goroutine_verdicts **ret)
{
	_cleanup_(cleanup_goroutine_verdicts) struct goroutine_verdicts *verdicts =
		memory_alloc(sizeof(*verdicts));

	TRY(find(analysis, verdicts));
	*ret = take_pointer(verdicts);
	return NULL;
}

void goroutine_verdicts_destroy(struct goroutine_verdicts *verdicts)
{
	if (!verdicts)
		return;
	sole_holders_deinit(&verdicts->holders);
	orphans_deinit(&verdicts->orphans);
	stuck_groups_deinit(&verdicts->stuck);
	deadlocks_deinit(&verdicts->deadlocks);
	never_wakes_destroy(verdicts->wakes);
	free(verdicts);
}
