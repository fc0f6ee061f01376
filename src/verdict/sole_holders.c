#include "sole_holders.h"

#include <string.h>

#include "channel.h"
#include "chain_start.h"
#include "goroutine_text.h"
#include "pile_up.h"

enum {
	GROUPS_MAX = 8,    /* groups that are looked at: the largest ones that pile up */
	LEFT_PERCENT = 90, /* of a group hang on the reference alone */
	CHAINS = 4,        /* that are compared */
};

struct finder {
	const struct analysis *analysis;
	const struct stacks *stacks;
	struct never_wakes *verdicts;
	struct sole_holders *holders;
	uint64_t now_ns;
};

/* Is what it waits for no timer, no channel that was in use before, and no queue? Who waits for one
 * answer makes a channel with room for one at most; with more it is a subscriber or a worker. */
static bool is_own_answer(const struct finder *finder, const struct goroutine_wait *wait)
{
	for (uint32_t i = wait->first; i < wait->first + wait->count; i++) {
		struct channel channel;

		if (wait->kind != WAIT_CHANNEL)
			return true;
		if (!channel_read(&finder->analysis->typing->types,
			    finder->verdicts->waits.awaited.items[i].object, &channel) ||
			channel_is_timer(&channel) || channel.used || channel.capacity > 1)
			return false;
	}
	return wait->count > 0;
}

static bool can_be(const struct finder *finder, uint32_t number)
{
	return finder->verdicts->of[number].verdict == VERDICT_ALIVE &&
	       finder->verdicts->of[number].why == WAKE_REACHED &&
	       !stacks_is_system(&finder->stacks->groups.items[finder->stacks->group_of[number]]) &&
	       is_own_answer(finder, &finder->verdicts->waits.of[number]);
}

static addr_t first_awaited(const struct finder *finder, uint32_t number)
{
	return finder->verdicts->waits.awaited.items[finder->verdicts->waits.of[number].first]
		.object;
}

/* The goroutines of a group that can be meant, in the order in which they were made; none when two
 * of them wait for the same. */
struct members {
	VEC(uint32_t) list;
};

static int by_goid(const void *left, const void *right, void *context)
{
	const struct goroutine *all = context;
	const struct goroutine *a = &all[*(const uint32_t *)left];
	const struct goroutine *b = &all[*(const uint32_t *)right];

	return (a->goid > b->goid) - (a->goid < b->goid);
}

static void collect(const struct finder *finder, struct members *members)
{
	for (uint32_t i = 0; i < finder->stacks->goroutines.list.count; i++) {
		uint32_t group = finder->stacks->group_of[i];

		if (finder->stacks->groups.items[group].count >= SOLE_HOLDER_MIN &&
			can_be(finder, i))
			vec_push(&members[group].list, i);
	}
}

static bool wait_each_for_its_own(const struct finder *finder, const struct members *members)
{
	struct addrmap seen = {0};
	bool own = true;

	vec_foreach (number, &members->list) {
		addr_t awaited = first_awaited(finder, *number);

		own = own && !addrmap_get(&seen, awaited, NULL);
		addrmap_set(&seen, awaited, 0);
	}
	addrmap_deinit(&seen);
	return own;
}

/* How far two chains go the same way. */
static size_t common_length(const struct path *left, const struct path *right)
{
	size_t length = 0;

	while (length < left->nodes.count && length < right->nodes.count &&
		left->nodes.items[length] == right->nodes.items[length])
		length++;
	return length;
}

static bool is_inner(const struct analysis *analysis, node_t node)
{
	return !node_is_virtual(analysis->objects, node) &&
	       object_type_is_inner(object_type_at(
		       &analysis->typing->object_types, analysis_type(analysis, node)));
}

/* A part of a map stands for the map. */
static void end_at_whole(const struct analysis *analysis, struct path *path)
{
	while (path->nodes.count && is_inner(analysis, *vec_last(&path->nodes)))
		path->nodes.count--;
}

static struct error *find_chain(const struct finder *finder, uint32_t number, struct path *ret)
{
	return never_wakes_chain(finder->analysis, finder->verdicts, number,
		finder->verdicts->waits.of[number].first, ret);
}

/* The chains to what some of them wait for, as far as two of them are the same: the end is what all
 * of it hangs on, if that is one reference. (One of them alone may also be in the hands of somebody
 * who runs, or in what is left of it on his stack.) */
static struct error *find_holder(
	const struct finder *finder, const struct members *members, struct path *ret)
{
	struct path other, chain = {0};
	struct error *error = NULL;

	*ret = (struct path){0};
	for (size_t i = 0; i < CHAINS && !ret->nodes.count && !error; i++) {
		size_t place = i * (members->list.count - 1) / (CHAINS - 1);

		error = find_chain(finder, members->list.items[place], &other);
		if (error)
			break;
		if (i > 0 && !chain_is_of_timers(finder->analysis, &other)) {
			size_t length = common_length(&chain, &other);

			chain.nodes.count = length;
			end_at_whole(finder->analysis, &chain);
			path_deinit(ret);
			*ret = chain;
			chain = (struct path){0};
		}
		path_deinit(&chain);
		chain = other;
	}
	path_deinit(&chain);
	return error;
}

/* Timers end a wait when their time has come. */
static bool is_of_the_runtime(const struct finder *finder, const struct path *path)
{
	const struct object_graph *objects = finder->analysis->objects;
	const struct virtual_node *first = virtual_of_node(objects, path->nodes.items[0]);

	if (first->kind == VIRTUAL_SPECIAL)
		return true;
	if (first->kind != VIRTUAL_VARIABLE)
		return false;
	const char *name = objects->variables.items[first->index].name;
	return name && !strncmp(name, "runtime.", strlen("runtime."));
}

static bool is_cancel(const struct analysis *analysis, node_t node)
{
	if (node_is_virtual(analysis->objects, node))
		return false;
	const struct object_type *type =
		object_type_at(&analysis->typing->object_types, analysis_type(analysis, node));

	return type->role == ROLE_CLOSURE && strstr(type->name, "context.With");
}

/* Does the holder keep a function that ends the wait? It is kept to be called. Told from the
 * oldest: behind the holder its chain leads through a cancel function. */
static struct error *find_cancel(const struct finder *finder, const struct members *members,
	const struct path *holder, bool *ret)
{
	struct path chain;
	bool behind = false;

	TRY(find_chain(finder, members->list.items[0], &chain));
	*ret = false;
	vec_foreach (node, &chain.nodes) {
		*ret = *ret || (behind && is_cancel(finder->analysis, *node));
		behind = behind || *node == *vec_last(&holder->nodes);
	}
	path_deinit(&chain);
	return NULL;
}

static bool is_holder(const struct finder *finder, const struct path *path)
{
	return path->nodes.count && !is_of_the_runtime(finder, path);
}

static struct error *add_group(struct finder *finder, uint32_t group, const struct members *members)
{
	struct sole_holder holder = {.group = group};
	struct pile_up pile = pile_up_of(
		finder->stacks, members->list.items, members->list.count, finder->now_ns);
	struct error *error = NULL;
	bool meant = false;

	if (!pile_up_is(&pile) || !wait_each_for_its_own(finder, members))
		return NULL;
	TRY(find_holder(finder, members, &holder.path));
	if (is_holder(finder, &holder.path))
		error = find_cancel(finder, members, &holder.path, &meant);
	if (error || meant || !is_holder(finder, &holder.path)) {
		path_deinit(&holder.path);
		return error;
	}
	holder.holder = *vec_last(&holder.path.nodes);
	holder.arrivals = pile.arrivals;
	holder.newest_ns = goroutine_bound_wait(finder->analysis, pile.newest_ns);
	vec_push(&finder->holders->list, holder);
	vec_push(&finder->holders->ends.barred, holder.holder);
	vec_foreach (number, &members->list) {
		const struct goroutine_wait *wait = &finder->verdicts->waits.of[*number];

		for (uint32_t i = wait->first; i < wait->first + wait->count; i++)
			wait_ends_add(&finder->holders->ends, *number,
				finder->verdicts->waits.awaited.items[i].object);
	}
	return NULL;
}

static struct error *add_groups(struct finder *finder, struct members *members)
{
	for (uint32_t i = 0; i < finder->stacks->groups.count; i++) {
		if (members[i].list.count < SOLE_HOLDER_MIN ||
			finder->holders->list.count >= GROUPS_MAX)
			continue;
		qsort_r(members[i].list.items, members[i].list.count, sizeof(uint32_t), by_goid,
			finder->stacks->goroutines.list.items);
		TRY(add_group(finder, i, &members[i]));
	}
	return NULL;
}

static bool is_left(const struct wait_ends *ends, uint32_t number)
{
	return bitset_has(ends->left, number) && !wait_ends_itself(ends, number);
}

/* Those of the groups of which nearly all hang on the reference. */
static void keep_left(struct finder *finder)
{
	const struct sole_holders *holders = finder->holders;
	uint32_t count = (uint32_t)finder->stacks->goroutines.list.count;
	_cleanup_free_ uint32_t *left = memory_array(finder->stacks->groups.count, sizeof(*left));
	_cleanup_free_ uint32_t *all = memory_array(finder->stacks->groups.count, sizeof(*all));

	for (uint32_t i = 0; i < count; i++) {
		all[finder->stacks->group_of[i]] += bitset_has(holders->ends.chosen, i);
		left[finder->stacks->group_of[i]] += is_left(&holders->ends, i);
	}
	for (uint32_t i = 0; i < count; i++) {
		uint32_t group = finder->stacks->group_of[i];
		bool enough = left[group] >= SOLE_HOLDER_MIN &&
			      left[group] * 100ull >= all[group] * (uint64_t)LEFT_PERCENT;

		if (!enough || !is_left(&holders->ends, i))
			continue;
		holders->key_of[i] = group;
		finder->verdicts->of[i] =
			(struct goroutine_verdict){VERDICT_LIKELY, WAKE_ONE_HOLDER};
	}
}

static struct error *find(struct finder *finder, struct members *members)
{
	struct sole_holders *holders = finder->holders;

	collect(finder, members);
	TRY(add_groups(finder, members));
	if (!holders->list.count)
		return NULL;
	TRY(wait_ends_find(&holders->ends));
	keep_left(finder);
	return stuck_groups_find(finder->analysis, &holders->ends.input,
		holders->ends.reach.reached, holders->key_of, &holders->groups);
}

struct error *sole_holders_find(const struct analysis *analysis, struct never_wakes *verdicts,
	uint64_t now_ns, struct sole_holders *ret)
{
	const struct stacks *stacks = &analysis->objects->stacks;
	size_t count = stacks->goroutines.list.count;
	struct sole_holders holders = {.key_of = memory_array(count, sizeof(*holders.key_of))};
	struct finder finder = {analysis, stacks, verdicts, &holders, now_ns};
	_cleanup_free_ struct members *members =
		memory_array(stacks->groups.count, sizeof(*members));

	for (size_t i = 0; i < count; i++)
		holders.key_of[i] = NO_KEY;
	wait_ends_init(&holders.ends, analysis, verdicts);
	struct error *error = find(&finder, members);
	for (size_t i = 0; i < stacks->groups.count; i++)
		vec_deinit(&members[i].list);
	if (error) {
		sole_holders_deinit(&holders);
		return error;
	}
	*ret = holders;
	return NULL;
}

void sole_holders_deinit(struct sole_holders *holders)
{
	wait_ends_deinit(&holders->ends);
	stuck_groups_deinit(&holders->groups);
	vec_foreach (holder, &holders->list)
		path_deinit(&holder->path);
	vec_deinit(&holders->list);
	free(holders->key_of);
	*holders = (struct sole_holders){0};
}

const struct sole_holder *sole_holders_of(const struct sole_holders *holders, uint32_t group)
{
	vec_foreach (holder, &holders->list) {
		if (holder->group == group)
			return holder;
	}
	return NULL;
}
