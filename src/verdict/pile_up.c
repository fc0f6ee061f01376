#include "pile_up.h"

enum {
	ARRIVALS_MIN = 3,
	/* Threads take goids in blocks of 16 (runtime, proc.go, _GoidCacheBatch), which mixes their
	 * order a little. */
	IN_ORDER_PERCENT = 85,
	OLDEST_SHARE = 4, /* the oldest has waited for at least a fourth of the time */
};

static uint64_t waited(uint64_t since, uint64_t now_ns)
{
	return since && since < now_ns ? now_ns - since : 0;
}

static uint64_t first_wait(const struct stacks *stacks, uint64_t now_ns)
{
	uint64_t longest = 0;

	vec_foreach (goroutine, &stacks->goroutines.list) {
		if (goroutine->status == GOROUTINE_WAITING)
			longest = MAX(longest, waited(goroutine->wait_since, now_ns));
	}
	return longest;
}

struct pile_up pile_up_of(
	const struct stacks *stacks, const uint32_t *members, size_t count, uint64_t now_ns)
{
	const struct goroutine *all = stacks->goroutines.list.items;
	struct pile_up pile = {.process_ns = first_wait(stacks, now_ns), .newest_ns = UINT64_MAX};
	struct addrmap seen = {0};

	for (size_t i = 0; i < count; i++) {
		uint64_t since = all[members[i]].wait_since, wait = waited(since, now_ns);

		if (since && !addrmap_get(&seen, since, NULL))
			addrmap_set(&seen, since, 0);
		pile.oldest_ns = MAX(pile.oldest_ns, wait);
		pile.newest_ns = MIN(pile.newest_ns, wait);
		if (i > 0) {
			pile.pairs++;
			pile.in_order += wait <= waited(all[members[i - 1]].wait_since, now_ns);
		}
	}
	pile.arrivals = (uint32_t)seen.count;
	addrmap_deinit(&seen);
	return pile;
}

bool pile_up_is(const struct pile_up *pile)
{
	return pile->arrivals >= ARRIVALS_MIN &&
	       pile->in_order * 100ull >= pile->pairs * (uint64_t)IN_ORDER_PERCENT &&
	       pile->oldest_ns && pile->oldest_ns >= pile->process_ns / OLDEST_SHARE;
}
