#include "why_locks.h"

#include <inttypes.h>

#include "goroutine_text.h"
#include "lock_text.h"

enum { HOLDERS_SHOWN = 8 };

static const struct column holder_columns[] = {
	{"held by", NULL, CELL_TEXT, true},
	{NULL, "goid", CELL_COUNT, false},
	{NULL, "top", CELL_TEXT, false},
	{"which is in", "state", CELL_TEXT, false},
	{"because", "evidence", CELL_TEXT, true, true},
	{NULL, "what", CELL_TEXT, false},
};

static const struct column held_columns[] = {
	{"others wait for", "what", CELL_TEXT, true},
	{"how many", "waiters", CELL_COUNT, false},
	{"because", "evidence", CELL_TEXT, true, true},
};

struct locks {
	struct why *why;
	const struct goroutine_verdicts *verdicts;
	uint32_t goroutine;
};

static const struct lock_holders *holders_of(const struct locks *locks)
{
	return &locks->verdicts->deadlocks.holders;
}

static void add_holder(
	const struct locks *locks, struct table *table, const struct lock_holder *holder)
{
	const struct analysis *analysis = locks->why->analysis;
	const struct stacks *stacks = &analysis->objects->stacks;
	const struct goroutine *goroutine = &stacks->goroutines.list.items[holder->goroutine];
	char *top = goroutine_text_top(&stacks->groups.items[stacks->group_of[holder->goroutine]]);

	table_row(table);
	table_take(table, memory_format("goroutine %" PRIu64 " (%s)", goroutine->goid, top));
	table_number(table, goroutine->goid);
	table_take(table, top);
	table_text(table, goroutine_text_state(analysis, goroutine));
	table_text(table, holds_how_text(holder->how));
	table_take(table, lock_text(analysis, locks->why->naming,
				  &holders_of(locks)->list.items[holder->waited_for]));
}

static void show(const struct locks *locks, const char *key, struct table *table)
{
	json_object_set_new(view_document(locks->why->view), key, table_to_json(table));
	if (!table_rows(table)) {
		table_destroy(table);
		return;
	}
	view_line(locks->why->view, LINE_PLAIN, "%s", "");
	view_table(locks->why->view, table);
}

static void add_holders(const struct locks *locks)
{
	const struct goroutine_wait *wait = &locks->verdicts->wakes->waits.of[locks->goroutine];
	struct table *table = table_create(holder_columns, ARRAY_SIZE(holder_columns));

	for (uint32_t i = wait->first; i < wait->first + wait->count; i++) {
		uint32_t waited_for = holders_of(locks)->of_awaited[i], count;

		if (waited_for == NO_LOCK)
			continue;
		const struct lock_holder *holder =
			lock_holders_best(holders_of(locks), waited_for, &count);
		for (uint32_t j = 0; j < count && table_rows(table) < HOLDERS_SHOWN; j++)
			add_holder(locks, table, &holder[j]);
	}
	show(locks, "held_by", table);
}

static void add_held_one(const struct locks *locks, struct table *table, uint32_t waited_for)
{
	uint32_t count;
	const struct lock_holder *holder = lock_holders_best(holders_of(locks), waited_for, &count);

	for (uint32_t i = 0; i < count; i++) {
		if (holder[i].goroutine != locks->goroutine)
			continue;
		const struct waited_for *entry = &holders_of(locks)->list.items[waited_for];

		table_row(table);
		table_take(table, lock_text(locks->why->analysis, locks->why->naming, entry));
		table_number(table, entry->waiters);
		table_text(table, holds_how_text(holder[i].how));
	}
}

static void add_held(const struct locks *locks)
{
	struct table *table = table_create(held_columns, ARRAY_SIZE(held_columns));

	for (uint32_t i = 0; i < holders_of(locks)->list.count; i++) {
		if (table_rows(table) < HOLDERS_SHOWN)
			add_held_one(locks, table, i);
	}
	show(locks, "others_wait_for", table);
}

void why_locks_add(struct why *why, const struct goroutine_verdicts *verdicts, uint32_t goroutine)
{
	struct locks locks = {why, verdicts, goroutine};

	add_holders(&locks);
	add_held(&locks);
}
