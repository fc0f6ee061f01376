#include "deadlocks.h"

#include "sorted.h"

struct pair {
	uint32_t key, value;
};

struct pairs {
	VEC(struct pair) list; /* sorted */
};

struct finder {
	const struct stacks *stacks;
	struct never_wakes *verdicts;
	struct deadlocks *ret;
	uint32_t count;
	uint64_t
		*closed; /* bits, by goroutine: all who can have what it waits for are closed too */
	uint64_t *open;  /* bits, by place in holders.list: someone outside can have it */
	struct pairs waiters;  /* waited for -> goroutine */
	struct pairs holdings; /* goroutine -> waited for */
	VEC(uint32_t) removed;
	struct circle_step *next; /* by goroutine: who most likely has what it waits for */
	uint32_t *next_goroutine;
	uint32_t *end; /* by goroutine: the circle that it leads to, NO_DEADLOCK, or VISITING */
};

#define GOLDEN_RATIO 0x9e3779b97f4a7c15ull
#define UNKNOWN_END  (UINT32_MAX - 1u)
#define VISITING_END (UINT32_MAX - 2u)

static uint32_t awaited_lock(const struct finder *finder, uint32_t number, uint32_t i)
{
	return finder->ret->holders.of_awaited[finder->verdicts->waits.of[number].first + i];
}

/* Of one that never wakes it is proved that nobody else has any of it. */
static bool is_closed(const struct finder *finder, uint32_t number)
{
	const struct goroutine_wait *wait = &finder->verdicts->waits.of[number];
	bool some = false;

	for (uint32_t i = 0; i < wait->count; i++) {
		uint32_t waited_for = awaited_lock(finder, number, i);

		if (waited_for == NO_LOCK)
			return false;
		some |= !bitset_has(finder->open, waited_for);
	}
	return some &&
	       (wait->count == 1 || finder->verdicts->of[number].verdict == VERDICT_NEVER_WAKES);
}

static int by_key(const void *left, const void *right)
{
	const struct pair *a = left, *b = right;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return (a->value > b->value) - (a->value < b->value);
}

static void sort(struct pairs *pairs)
{
	if (pairs->list.count)
		qsort(pairs->list.items, pairs->list.count, sizeof(struct pair), by_key);
}

/* The first pair of a key, or the place behind. */
static size_t first_of(const struct pairs *pairs, uint32_t key)
{
	return sorted_prefix(pairs->list.items, pairs->list.count, item, item->key < key);
}

static bool is_of(const struct pairs *pairs, size_t place, uint32_t key)
{
	return place < pairs->list.count && pairs->list.items[place].key == key;
}

static void list_waiters(struct finder *finder)
{
	for (uint32_t i = 0; i < finder->count; i++) {
		const struct goroutine_wait *wait = &finder->verdicts->waits.of[i];

		if (!wait->count || awaited_lock(finder, i, 0) == NO_LOCK)
			continue;
		bitset_add(finder->closed, i);
		for (uint32_t j = 0; j < wait->count; j++) {
			if (awaited_lock(finder, i, j) != NO_LOCK)
				vec_push(&finder->waiters.list, {awaited_lock(finder, i, j), i});
		}
	}
	sort(&finder->waiters);
}

static void list_holders(struct finder *finder)
{
	const struct lock_holders *holders = &finder->ret->holders;

	for (uint32_t i = 0; i < holders->list.count; i++) {
		uint32_t count;
		const struct lock_holder *holder = lock_holders_best(holders, i, &count);

		for (uint32_t j = 0; j < count; j++)
			vec_push(&finder->holdings.list, {holder[j].goroutine, i});
	}
	sort(&finder->holdings);
}

/* Somebody outside can have it, or nobody that is known. */
static void open_one(struct finder *finder, uint32_t waited_for)
{
	if (bitset_has(finder->open, waited_for))
		return;
	bitset_add(finder->open, waited_for);
	for (size_t i = first_of(&finder->waiters, waited_for);
		is_of(&finder->waiters, i, waited_for); i++) {
		uint32_t waiter = finder->waiters.list.items[i].value;

		if (!bitset_has(finder->closed, waiter) || is_closed(finder, waiter))
			continue;
		bitset_remove(finder->closed, waiter);
		vec_push(&finder->removed, waiter);
	}
}

/* Takes out who waits for someone outside, and who waits for them, and so on. */
static void find_closed(struct finder *finder)
{
	const struct lock_holders *holders = &finder->ret->holders;

	list_waiters(finder);
	list_holders(finder);
	for (uint32_t i = 0; i < holders->list.count; i++) {
		uint32_t count;
		const struct lock_holder *holder = lock_holders_best(holders, i, &count);
		bool closed = count > 0;

		for (uint32_t j = 0; j < count; j++)
			closed &= bitset_has(finder->closed, holder[j].goroutine);
		if (!closed)
			open_one(finder, i);
	}
	while (finder->removed.count) {
		uint32_t goroutine = vec_pop(&finder->removed);

		for (size_t i = first_of(&finder->holdings, goroutine);
			is_of(&finder->holdings, i, goroutine); i++)
			open_one(finder, finder->holdings.list.items[i].value);
	}
}

static bool waits_for_lock(const struct finder *finder, uint32_t number)
{
	uint32_t place = awaited_lock(finder, number, 0);

	return place != NO_LOCK && finder->ret->holders.list.items[place].lock != LOCK_NONE &&
	       finder->ret->holders.list.items[place].lock != LOCK_WAITGROUP;
}

/* Of several that may have it, rather one that waits for a lock itself. */
static void find_next(struct finder *finder, uint32_t number)
{
	const struct goroutine_wait *wait = &finder->verdicts->waits.of[number];

	finder->next_goroutine[number] = NO_DEADLOCK;
	for (uint32_t i = 0; i < wait->count; i++) {
		uint32_t waited_for = awaited_lock(finder, number, i), count;
		const struct lock_holder *holder =
			lock_holders_best(&finder->ret->holders, waited_for, &count);

		for (uint32_t j = 0; j < count; j++) {
			uint32_t next = finder->next_goroutine[number];

			if (!bitset_has(finder->closed, holder[j].goroutine))
				continue;
			if (next != NO_DEADLOCK &&
				(waits_for_lock(finder, next) ||
					!waits_for_lock(finder, holder[j].goroutine)))
				continue;
			finder->next_goroutine[number] = holder[j].goroutine;
			finder->next[number] =
				(struct circle_step){number, waited_for, holder[j].how};
		}
	}
}

static void add_circle(struct finder *finder, uint32_t first)
{
	struct deadlock deadlock = {.proved = true};
	uint32_t number = first;

	do {
		vec_push(&deadlock.steps, finder->next[number]);
		deadlock.proved &= finder->verdicts->of[number].verdict == VERDICT_NEVER_WAKES;
		finder->ret->of[number] = (uint32_t)finder->ret->list.count;
		finder->end[number] = (uint32_t)finder->ret->list.count;
		number = finder->next_goroutine[number];
	} while (number != first);
	vec_push(&finder->ret->list, deadlock);
}

/* Follows who waits for whom from a goroutine on, to the circle that it ends in. */
static void follow(struct finder *finder, uint32_t first)
{
	uint32_t number = first, end;

	while (number != NO_DEADLOCK && finder->end[number] == UNKNOWN_END) {
		finder->end[number] = VISITING_END;
		number = finder->next_goroutine[number];
	}
	if (number != NO_DEADLOCK && finder->end[number] == VISITING_END)
		add_circle(finder, number);
	end = number == NO_DEADLOCK ? NO_DEADLOCK : finder->end[number];
	for (number = first; number != NO_DEADLOCK && finder->end[number] == VISITING_END;
		number = finder->next_goroutine[number]) {
		finder->end[number] = end;
		if (end != NO_DEADLOCK)
			finder->ret->list.items[end].behind++;
	}
}

/* The same wherever one begins in the circle. */
static addr_t places_of(const struct stacks *stacks, const struct deadlock *deadlock)
{
	addr_t sum = 0;

	vec_foreach (step, &deadlock->steps) {
		addr_t group = stacks->group_of[step->goroutine] + 1;

		sum += group * GOLDEN_RATIO ^ group << 17;
	}
	return sum ? sum : 1;
}

static void find_alike(struct finder *finder)
{
	struct addrmap first = {0};

	for (uint32_t i = 0; i < finder->ret->list.count; i++) {
		struct deadlock *deadlock = &finder->ret->list.items[i];
		addr_t places = places_of(finder->stacks, deadlock) * 2 + deadlock->proved;

		deadlock->like = i;
		if (!addrmap_get(&first, places, &deadlock->like))
			addrmap_set(&first, places, i);
	}
	addrmap_deinit(&first);
}

static void mark(struct finder *finder)
{
	for (uint32_t i = 0; i < finder->count; i++) {
		struct goroutine_verdict *verdict = &finder->verdicts->of[i];

		if (!bitset_has(finder->closed, i) || finder->end[i] == NO_DEADLOCK)
			continue;
		verdict->why = WAKE_DEADLOCK;
		if (verdict->verdict == VERDICT_ALIVE)
			verdict->verdict = VERDICT_LIKELY;
	}
}

static void find(struct finder *finder)
{
	find_closed(finder);
	for (uint32_t i = 0; i < finder->count; i++) {
		finder->end[i] = NO_DEADLOCK;
		if (!bitset_has(finder->closed, i))
			continue;
		finder->end[i] = UNKNOWN_END;
		find_next(finder, i);
	}
	for (uint32_t i = 0; i < finder->count; i++) {
		if (finder->end[i] == UNKNOWN_END)
			follow(finder, i);
	}
	find_alike(finder);
	mark(finder);
}

static void finder_init(struct finder *finder)
{
	size_t locks = finder->ret->holders.list.count;

	finder->closed = memory_array(BITSET_WORDS(finder->count) + 1, sizeof(uint64_t));
	finder->open = memory_array(BITSET_WORDS(locks) + 1, sizeof(uint64_t));
	finder->next = memory_array(finder->count, sizeof(*finder->next));
	finder->next_goroutine = memory_array(finder->count, sizeof(uint32_t));
	finder->end = memory_array(finder->count, sizeof(uint32_t));
}

static void finder_deinit(struct finder *finder)
{
	free(finder->closed);
	free(finder->open);
	free(finder->next);
	free(finder->next_goroutine);
	free(finder->end);
	vec_deinit(&finder->waiters.list);
	vec_deinit(&finder->holdings.list);
	vec_deinit(&finder->removed);
}

struct error *deadlocks_find(
	const struct analysis *analysis, struct never_wakes *verdicts, struct deadlocks *ret)
{
	uint32_t count = (uint32_t)analysis->objects->stacks.goroutines.list.count;
	struct finder finder = {.stacks = &analysis->objects->stacks,
		.verdicts = verdicts,
		.ret = ret,
		.count = count};

	*ret = (struct deadlocks){.of = memory_array(count, sizeof(*ret->of))};
	for (uint32_t i = 0; i < count; i++)
		ret->of[i] = NO_DEADLOCK;
	struct error *error = lock_holders_find(analysis, verdicts, &ret->holders);
	if (error) {
		deadlocks_deinit(ret);
		return error;
	}
	finder_init(&finder);
	find(&finder);
	finder_deinit(&finder);
	return NULL;
}

void deadlocks_deinit(struct deadlocks *deadlocks)
{
	lock_holders_deinit(&deadlocks->holders);
	vec_foreach (deadlock, &deadlocks->list)
		vec_deinit(&deadlock->steps);
	vec_deinit(&deadlocks->list);
	free(deadlocks->of);
	*deadlocks = (struct deadlocks){0};
}
