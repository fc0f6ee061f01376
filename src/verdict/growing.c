#include "growing.h"

#include "finding_kind.h"

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

void growing_each(const struct growth *growth, growing_fn *visit, void *context)
{
	vec_foreach (collection, &growth->census.list) {
		struct growing growing = {.now = collection};

		if (only_grows(growth, &growing) && growing.bytes > 0 &&
			finding_matters(growth->after, (uint64_t)growing.bytes))
			visit(context, &growing);
	}
}
