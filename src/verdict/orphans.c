#include "orphans.h"

#include "channel.h"
#include "orphan_map.h"

struct finder {
	const struct analysis *analysis;
	const struct stacks *stacks;
	struct never_wakes *verdicts;
	struct orphans *orphans;
};

static bool can_be(const struct finder *finder, uint32_t number)
{
	const struct goroutine_wait *wait = &finder->verdicts->waits.of[number];

	return finder->verdicts->of[number].why == WAKE_REACHED && wait->kind == WAIT_CHANNEL &&
	       wait->count > 1 &&
	       !stacks_is_system(&finder->stacks->groups.items[finder->stacks->group_of[number]]);
}

/* Chooses those that have something to be stopped by, and something that wakes them. */
static void choose(struct finder *finder, uint32_t number)
{
	const struct goroutine_wait *wait = &finder->verdicts->waits.of[number];
	bool woken = false, served = false;
	VEC(addr_t) stops = {0};

	for (uint32_t i = wait->first; i < wait->first + wait->count; i++) {
		addr_t address = finder->verdicts->waits.awaited.items[i].object;
		struct channel channel;

		if (!channel_read(&finder->analysis->typing->types, address, &channel))
			continue;
		if (channel_is_stop(&channel))
			vec_push(&stops, address);
		else if (channel_is_timer(&channel))
			woken = true;
		else
			served = true;
	}
	vec_foreach (stop, &stops) {
		if (woken || served)
			wait_ends_add(&finder->orphans->ends, number, *stop);
	}
	if (served)
		bitset_add(finder->orphans->served, number);
	vec_deinit(&stops);
}

/* Are there enough at one place, each with a channel of its own? Else the heap need not be marked
 * again. */
static bool may_have_orphans(const struct finder *finder)
{
	_cleanup_free_ uint32_t *channels =
		memory_array(finder->stacks->groups.count, sizeof(*channels));
	struct addrmap seen = {0};
	bool enough = false;

	vec_foreach (end, &finder->orphans->ends.ends) {
		uint32_t *count = &channels[finder->stacks->group_of[end->gate]];

		*count += !addrmap_get(&seen, (addr_t)end->node + 1, NULL);
		addrmap_set(&seen, (addr_t)end->node + 1, 0);
		enough |= *count >= ORPHANS_MIN;
	}
	addrmap_deinit(&seen);
	return enough;
}

/* Of each group of stacks, how many different channels there are that would stop its orphans. */
static uint32_t *count_channels(const struct finder *finder)
{
	uint32_t *counts = memory_array(finder->stacks->groups.count, sizeof(*counts));
	struct addrmap seen = {0};

	for (uint32_t i = 0; i < finder->stacks->goroutines.list.count; i++) {
		if (finder->orphans->key_of[i] == NO_KEY)
			continue;
		node_t channel = wait_ends_first(&finder->orphans->ends, i);

		counts[finder->stacks->group_of[i]] +=
			!addrmap_get(&seen, (addr_t)channel + 1, NULL);
		addrmap_set(&seen, (addr_t)channel + 1, 0);
	}
	addrmap_deinit(&seen);
	return counts;
}

static bool has_served(const struct finder *finder, uint32_t group)
{
	for (uint32_t i = 0; i < finder->stacks->goroutines.list.count; i++) {
		if (finder->orphans->key_of[i] == group && bitset_has(finder->orphans->served, i))
			return true;
	}
	return false;
}

static void drop(struct finder *finder, uint32_t group)
{
	for (uint32_t i = 0; i < finder->stacks->goroutines.list.count; i++) {
		if (finder->orphans->key_of[i] == group)
			finder->orphans->key_of[i] = NO_KEY;
	}
}

/* The guards of the head of orphans.h. */
static struct error *drop_look_alikes(struct finder *finder)
{
	_cleanup_free_ uint32_t *channels = count_channels(finder);

	for (uint32_t group = 0; group < finder->stacks->groups.count; group++) {
		node_t map = NO_NODE;

		if (!channels[group])
			continue;
		if (channels[group] >= ORPHANS_MIN && has_served(finder, group)) {
			TRY(orphan_map_of_others(finder->orphans, group, &map));
			channels[group] = map == NO_NODE ? 0 : channels[group];
		}
		if (channels[group] < ORPHANS_MIN)
			drop(finder, group);
	}
	return NULL;
}

static void keep_left(struct finder *finder)
{
	const struct wait_ends *ends = &finder->orphans->ends;

	for (uint32_t i = 0; i < finder->stacks->goroutines.list.count; i++) {
		bool left = bitset_has(ends->left, i) && !wait_ends_itself(ends, i);

		finder->orphans->key_of[i] = left ? finder->stacks->group_of[i] : NO_KEY;
	}
}

static void mark(struct finder *finder)
{
	for (uint32_t i = 0; i < finder->stacks->goroutines.list.count; i++) {
		if (finder->orphans->key_of[i] != NO_KEY)
			finder->verdicts->of[i] =
				(struct goroutine_verdict){VERDICT_LIKELY, WAKE_ORPHAN};
	}
}

static struct error *find(struct finder *finder)
{
	struct orphans *orphans = finder->orphans;

	for (uint32_t i = 0; i < finder->stacks->goroutines.list.count; i++) {
		if (can_be(finder, i))
			choose(finder, i);
	}
	if (may_have_orphans(finder))
		TRY(wait_ends_find(&orphans->ends));
	keep_left(finder);
	if (!orphans->ends.left_count)
		return NULL;
	TRY(drop_look_alikes(finder));
	TRY(stuck_groups_find(finder->analysis, &orphans->ends.input, orphans->ends.reach.reached,
		orphans->key_of, &orphans->groups));
	mark(finder);
	return NULL;
}

struct error *orphans_find(
	const struct analysis *analysis, struct never_wakes *verdicts, struct orphans *ret)
{
	const struct stacks *stacks = &analysis->objects->stacks;
	size_t count = stacks->goroutines.list.count;
	struct orphans orphans = {
		.key_of = memory_array(count, sizeof(*orphans.key_of)),
		.served = memory_array(BITSET_WORDS(count) + 1, sizeof(uint64_t)),
	};
	struct finder finder = {analysis, stacks, verdicts, &orphans};

	wait_ends_init(&orphans.ends, analysis, verdicts);
	struct error *error = find(&finder);
	if (error) {
		orphans_deinit(&orphans);
		return error;
	}
	*ret = orphans;
	return NULL;
}

void orphans_deinit(struct orphans *orphans)
{
	wait_ends_deinit(&orphans->ends);
	stuck_groups_deinit(&orphans->groups);
	free(orphans->key_of);
	free(orphans->served);
	*orphans = (struct orphans){0};
}
