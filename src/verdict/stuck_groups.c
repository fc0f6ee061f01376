#include "stuck_groups.h"

#include "addrmap.h"

struct collector {
	const struct goroutines *goroutines;
	struct stuck_groups *groups;
	uint32_t *entry_of; /* by goroutine */
	struct addrmap entry_of_key;
};

/* Earlier, as far as the runtime has noted it. */
static bool waits_longer(const struct goroutine *left, const struct goroutine *right)
{
	return left->wait_since && (!right->wait_since || left->wait_since < right->wait_since);
}

static void add(struct collector *collector, uint32_t number, uint32_t key)
{
	const struct goroutine *all = collector->goroutines->list.items;
	uint32_t place;

	if (!addrmap_get(&collector->entry_of_key, (addr_t)key + 1, &place)) {
		place = (uint32_t)collector->groups->list.count;
		addrmap_set(&collector->entry_of_key, (addr_t)key + 1, place);
		vec_push(&collector->groups->list, {.key = key, .first = number});
	}
	struct stuck_group *group = &collector->groups->list.items[place];

	if (waits_longer(&all[number], &all[group->first]))
		group->first = number;
	group->count++;
	group->stack_bytes += all[number].stack_high - all[number].stack_low;
	collector->entry_of[number] = place;
}

static void collect(struct collector *collector, const uint32_t *key_of)
{
	for (uint32_t i = 0; i < collector->goroutines->list.count; i++) {
		collector->entry_of[i] = NO_ENTRY;
		if (key_of[i] != NO_KEY)
			add(collector, i, key_of[i]);
	}
	addrmap_deinit(&collector->entry_of_key);
}

static int by_cost(const void *left, const void *right)
{
	const struct stuck_group *a = left, *b = right;
	uint64_t a_bytes = a->holds_bytes + a->stack_bytes;
	uint64_t b_bytes = b->holds_bytes + b->stack_bytes;

	if (a_bytes != b_bytes)
		return a_bytes < b_bytes ? 1 : -1;
	return (a->key > b->key) - (a->key < b->key);
}

static void take_prices(struct stuck_groups *groups, const struct goroutine_prices *prices)
{
	for (size_t i = 0; i < groups->list.count; i++) {
		struct stuck_group *group = &groups->list.items[i];

		group->holds_bytes = prices->of[i].holds_bytes;
		group->frees_bytes = prices->of[i].frees_bytes;
		groups->stack_bytes += group->stack_bytes;
	}
	groups->frees_bytes = prices->frees_bytes;
	if (groups->list.count)
		qsort(groups->list.items, groups->list.count, sizeof(struct stuck_group), by_cost);
}

struct error *stuck_groups_find(const struct analysis *analysis, const struct gated_input *gates,
	const uint64_t *reached, const uint32_t *key_of, struct stuck_groups *ret)
{
	const struct goroutines *goroutines = &analysis->objects->stacks.goroutines;
	uint32_t count = (uint32_t)goroutines->list.count;
	_cleanup_free_ uint32_t *entry_of = memory_array(count, sizeof(*entry_of));
	struct stuck_groups groups = {0};
	struct collector collector = {
		.goroutines = goroutines, .groups = &groups, .entry_of = entry_of};
	struct goroutine_prices prices;

	collect(&collector, key_of);
	struct error *error =
		goroutine_prices_find(&(struct price_input){gates, reached, entry_of, count},
			(uint32_t)groups.list.count, &prices);
	if (error) {
		stuck_groups_deinit(&groups);
		return error;
	}
	take_prices(&groups, &prices);
	goroutine_prices_deinit(&prices);
	*ret = groups;
	return NULL;
}

void stuck_groups_deinit(struct stuck_groups *groups)
{
	vec_deinit(&groups->list);
}
