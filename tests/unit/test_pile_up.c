/* Goroutines that pile up, and those that only wait. */
#include "check.h"

#include <stdlib.h>

#include "pile_up.h"

enum {
	COUNT = 40,
	SECOND = 1000000000,
	NOW = 100, /* seconds */
};

struct waiters {
	struct stacks stacks;
	uint32_t members[COUNT];
};

/* since(i): the second at which a collection first saw goroutine i wait; 0: none yet. */
static struct pile_up pile_of(uint64_t (*since)(unsigned i))
{
	struct waiters waiters = {0};

	for (unsigned i = 0; i < COUNT; i++) {
		vec_push(&waiters.stacks.goroutines.list, {.goid = i + 1,
								  .status = GOROUTINE_WAITING,
								  .wait_since = since(i) * SECOND});
		waiters.members[i] = i;
	}
	/* One of the runtime's own, which has waited since the beginning. */
	vec_push(&waiters.stacks.goroutines.list,
		{.goid = COUNT + 1, .status = GOROUTINE_WAITING, .wait_since = SECOND});
	struct pile_up pile =
		pile_up_of(&waiters.stacks, waiters.members, COUNT, (uint64_t)NOW * SECOND);

	vec_deinit(&waiters.stacks.goroutines.list);
	return pile;
}

static uint64_t one_by_one(unsigned i)
{
	return 10 + 2 * (uint64_t)i;
}

static uint64_t all_at_once(unsigned i)
{
	(void)i;
	return 10;
}

/* Workers that are woken now and then, in any order. */
static uint64_t any_order(unsigned i)
{
	return 10 + (i * 17 + 5) % 37;
}

/* Requests under way: the first of them has come a moment ago. */
static uint64_t a_moment_ago(unsigned i)
{
	return 95 + i / 10;
}

static uint64_t never_seen(unsigned i)
{
	(void)i;
	return 0;
}

/* Two threads that take goids in blocks of sixteen. */
static uint64_t in_blocks(unsigned i)
{
	return 10 + 2 * (uint64_t)(i % 16) + (i / 32);
}

static void test_pile(void **state)
{
	(void)state;
	struct pile_up pile = pile_of(one_by_one);

	assert_true(pile_up_is(&pile));
	assert_int_equal(pile.arrivals, COUNT);
	assert_int_equal(pile.oldest_ns / SECOND, NOW - 10);
	assert_int_equal(pile.newest_ns / SECOND, NOW - 10 - 2 * (COUNT - 1));
	pile = pile_of(in_blocks);
	assert_true(pile_up_is(&pile));
}

static void test_what_only_waits(void **state)
{
	(void)state;
	uint64_t (*const healthy[])(unsigned) = {all_at_once, any_order, a_moment_ago, never_seen};

	for (size_t i = 0; i < ARRAY_SIZE(healthy); i++) {
		struct pile_up pile = pile_of(healthy[i]);

		assert_false(pile_up_is(&pile));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pile),
		cmocka_unit_test(test_what_only_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
