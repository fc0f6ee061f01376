#include "growing.h"

#include <string.h>

#include "finding_kind.h"
#include "near.h"

enum {
	REMOVED_SHARE = 20, /* of the old entries at most one in so many may be gone */
	SLOWED_SHARE = 4,   /* it fills up when it grows so many times slower than it did */
	LEAST_ADDED = 16,   /* entries */
};

/* The average over its whole life at least: entries now by the time that the process has run. */
static bool has_slowed(const struct growth *growth, const struct growing *growing)
{
	double uptime = (double)growth->after->program->target->capture.uptime_ns;
	double elapsed = (double)growth->elapsed_ns;

	if (uptime <= 0 || elapsed <= 0)
		return false;
	return (double)growing->added / elapsed * SLOWED_SHARE <
	       (double)growing->now->entries / uptime;
}

/* More entries at every step than at the one before. */
static bool grows_steadily(const struct growth *growth, const struct collection *now)
{
	uint64_t entries = now->entries;

	for (size_t i = growth->step_count; i-- > 0;) {
		const struct collection *was = census_find(&growth->steps[i]->census, now);

		if (!was || was->entries >= entries)
			return false;
		entries = was->entries;
	}
	return true;
}

static bool only_grows(const struct growth *growth, struct growing *growing)
{
	const struct collection *now = growing->now;
	const struct collection *was = census_find(&growth->steps[0]->census, now);

	if (!was || !was->known || !now->known || !grows_steadily(growth, now))
		return false;
	growing->entries_before = was->entries;
	growing->added = now->entries - was->entries;
	growing->bytes = (int64_t)(now->held_bytes - was->held_bytes);
	growing->survivors = census_survivors(was, now);
	return growing->added >= LEAST_ADDED &&
	       (was->entries - growing->survivors) * REMOVED_SHARE <= was->entries &&
	       !has_slowed(growth, growing);
}

/* Goroutines come and go, and hold what they use; the runtime's tables lead to all of them. */
static bool are_variables(const struct growth *growth, set_t set)
{
	const struct object_graph *objects = growth->after->objects;
	uint32_t count;
	const uint32_t *members = holder_sets_members(growth->after->retention->sets, set, &count);

	for (uint32_t i = 0; i < count; i++) {
		const struct holder *holder = &objects->holders.items[members[i]];
		const char *name = holder->kind == HOLDER_VARIABLE
					   ? objects->variables.items[holder->index].name
					   : NULL;

		if (holder->kind != HOLDER_VARIABLE ||
			(name && !strncmp(name, "runtime.", strlen("runtime."))))
			return false;
	}
	return count > 0;
}

struct shared_search {
	const struct growth *growth;
	node_t map;
	const struct growth_holder *found;
};

/* Would it go with the map? */
static bool is_own(const struct shared_search *search, node_t node)
{
	const node_t *idom = search->growth->after->retention->idom;

	while (node != search->map && idom[node] != node)
		node = idom[node];
	return node == search->map;
}

/* Of several variables, or of the one that has the map and has the entries by another way too. Rows
 * of the growth are sorted, those that grew most first. */
static bool look_at_shared(void *context, node_t node)
{
	struct shared_search *search = context;
	const struct growth *growth = search->growth;
	set_t set = retention_set(growth->after->retention, node);
	const struct holder_row *row = &growth->rows.list.items[growth->rows.of_set[set]];

	if (!are_variables(growth, set) || is_own(search, node))
		return true;
	vec_foreach (holder, &growth->holders) {
		if (holder == search->found || growth_holder_bytes(holder) <= 0)
			break;
		if (holder->row == row)
			search->found = holder;
	}
	return true;
}

static const struct growth_holder *shared_of(
	const struct growth *growth, const struct collection *now)
{
	struct shared_search search = {.growth = growth, .map = now->node};

	near_each(analysis_graph(growth->after), now->node, look_at_shared, &search);
	return search.found;
}

void growing_each(const struct growth *growth, growing_fn *visit, void *context)
{
	vec_foreach (collection, &growth->census.list) {
		struct growing growing = {.now = collection};

		if (!only_grows(growth, &growing) || growing.bytes <= 0)
			continue;
		growing.shared = shared_of(growth, collection);
		int64_t shared = growing.shared ? growth_holder_bytes(growing.shared) : 0;
		if (finding_matters(growth->after, (uint64_t)(growing.bytes + shared)))
			visit(context, &growing);
	}
}
