#include "holdings.h"

#include <string.h>

#include "contents.h"
#include "holder_names.h"
#include "paths.h"

enum { CROWD = 4 }; /* of so many holders the nearest is named first */

static uint64_t *bytes_held_alone(const struct analysis *analysis)
{
	const struct retention *retention = analysis->retention;
	uint64_t *alone = memory_array(analysis->objects->holders.count, sizeof(*alone));

	for (uint32_t set = SET_MANY + 1; set < retention->set_count; set++) {
		uint32_t count;
		const uint32_t *members = holder_sets_members(retention->sets, (set_t)set, &count);

		if (count == 1)
			alone[members[0]] = retention->sums[set].bytes;
	}
	return alone;
}

static int by_bytes(const void *left, const void *right)
{
	const struct holding *a = left, *b = right;

	if (a->bytes != b->bytes)
		return a->bytes < b->bytes ? 1 : -1;
	return (a->set > b->set) - (a->set < b->set);
}

static int by_rank_and_bytes(const void *left, const void *right, void *context)
{
	const struct holding_member *a = left, *b = right;
	const struct analysis *analysis = context;
	unsigned a_rank = holder_rank(analysis->objects, a->holder);
	unsigned b_rank = holder_rank(analysis->objects, b->holder);

	if (a_rank != b_rank)
		return a_rank < b_rank ? -1 : 1;
	if (a->alone_bytes != b->alone_bytes)
		return a->alone_bytes < b->alone_bytes ? 1 : -1;
	return (a->holder > b->holder) - (a->holder < b->holder);
}

static void add_members(
	const struct analysis *analysis, struct holding *holding, const uint64_t *alone)
{
	uint32_t count;
	const uint32_t *members =
		holder_sets_members(analysis->retention->sets, holding->set, &count);

	for (uint32_t i = 0; i < count; i++)
		vec_push(&holding->members, {members[i], alone[members[i]]});
	if (count)
		qsort_r(holding->members.items, count, sizeof(struct holding_member),
			by_rank_and_bytes, (void *)(uintptr_t)analysis);
}

static void put_first(struct holding *holding, uint32_t holder)
{
	size_t place = 0;

	while (place < holding->members.count && holding->members.items[place].holder != holder)
		place++;
	if (place == holding->members.count)
		return;
	struct holding_member first = holding->members.items[place];
	memmove(&holding->members.items[1], &holding->members.items[0], place * sizeof(first));
	holding->members.items[0] = first;
}

/* Where many hold the same (caches, pools, the goroutines that serve requests), the one with the
 * shortest chain says most about what it is. */
static struct error *put_nearest_first(const struct analysis *analysis, struct holdings *holdings)
{
	struct holding *crowded[HOLDING_CONTENTS_MAX];
	node_t inside[HOLDING_CONTENTS_MAX];
	struct path paths[HOLDING_CONTENTS_MAX];
	const struct object_graph *objects = analysis->objects;
	size_t count = 0;

	for (size_t i = 0; i < MIN(holdings->list.count, (size_t)HOLDING_CONTENTS_MAX); i++) {
		struct holding *holding = &holdings->list.items[i];

		if (holding->members.count < CROWD || !holding->steps.count)
			continue;
		crowded[count] = holding;
		inside[count++] = holding->steps.items[0].example;
	}
	if (count)
		TRY(paths_to_each(analysis, inside, count, paths));
	for (size_t i = 0; i < count; i++) {
		node_t first = paths[i].nodes.count ? paths[i].nodes.items[0] : NO_NODE;
		uint32_t place = first - objects->first_virtual;

		if (first != NO_NODE && place < objects->holder_nodes)
			put_first(crowded[i], objects->holder_of[place]);
		path_deinit(&paths[i]);
	}
	return NULL;
}

struct error *holdings_find(const struct analysis *analysis, size_t limit, struct holdings *ret)
{
	const struct retention *retention = analysis->retention;
	struct holdings holdings = {0};

	for (uint32_t set = SET_MANY; set < retention->set_count; set++) {
		if (retention->sums[set].objects)
			vec_push(&holdings.list, {.set = (set_t)set,
							 .bytes = retention->sums[set].bytes,
							 .objects = retention->sums[set].objects});
	}
	if (holdings.list.count)
		qsort(holdings.list.items, holdings.list.count, sizeof(struct holding), by_bytes);
	if (limit && holdings.list.count > limit)
		holdings.list.count = limit;
	_cleanup_free_ uint64_t *alone = bytes_held_alone(analysis);
	vec_foreach (holding, &holdings.list)
		add_members(analysis, holding, alone);
	struct error *error = contents_find(analysis, &holdings);
	if (!error)
		error = put_nearest_first(analysis, &holdings);
	if (error) {
		holdings_deinit(&holdings);
		return error;
	}
	*ret = holdings;
	return NULL;
}

void holdings_deinit(struct holdings *holdings)
{
	vec_foreach (holding, &holdings->list) {
		vec_deinit(&holding->members);
		vec_deinit(&holding->steps);
	}
	vec_deinit(&holdings->list);
}
