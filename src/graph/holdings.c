#include "holdings.h"

#include "contents.h"

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

static int by_kind_and_bytes(const void *left, const void *right, void *context)
{
	const struct holding_member *a = left, *b = right;
	const struct analysis *analysis = context;
	enum holder_kind a_kind = analysis->objects->holders.items[a->holder].kind;
	enum holder_kind b_kind = analysis->objects->holders.items[b->holder].kind;

	if ((a_kind == HOLDER_VARIABLE) != (b_kind == HOLDER_VARIABLE))
		return a_kind == HOLDER_VARIABLE ? -1 : 1;
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
			by_kind_and_bytes, (void *)(uintptr_t)analysis);
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
