/* What has grown between two snapshots of a process: per holder, per type, per group of goroutines,
 * with what survived. With more than two snapshots, between the first and the last; the ones
 * between them must agree for what is said to grow at every step.
 */
#pragma once

#include "baseline.h"
#include "holder_rows.h"
#include "survival.h"

struct growth_sum {
	struct baseline_sum before, after;
	struct baseline_sum survived; /* of `before`, still there */
};

/* What changes hands between the snapshots, because one holder more or less reaches it, is neither
 * growth nor loss: `before` and `kept` are of the earlier holder, `after` and `survived` of the
 * later one. */
struct growth_holder {
	const struct holder_row *row; /* in growth->rows */
	struct baseline_sum before, after;
	struct baseline_sum kept;     /* of `before`, still there, whosoever it is now */
	struct baseline_sum survived; /* of `after`, there before, whosoever it was then */
};

struct growth_type {
	otype_t type;
	struct growth_sum sum;
};

struct growth_group {
	uint32_t group; /* in stacks.groups of the later snapshot */
	uint64_t before, after;
	uint64_t survived; /* goroutines that were there before, wherever they stood */
};

struct growth {
	const struct analysis *after;
	struct baseline *const *steps; /* the earlier snapshots, oldest first; only the first one
					  knows objects */
	size_t step_count;
	uint64_t elapsed_ns; /* between the first and the last; 0: not known */
	struct survival survival;
	struct holder_rows rows;
	struct census census; /* of the last snapshot */
	struct growth_sum all;
	VEC(struct growth_holder) holders; /* those that grew most bytes first */
	VEC(struct growth_type) types;
	VEC(struct growth_group) groups; /* those that grew most goroutines first */
	uint64_t goroutines_survived;
};

/* `steps` stay the caller's, and must outlive the growth, as `after` must. `maps` are those of
 * `after`. */
struct error *growth_find(struct baseline *const *steps, size_t count, const struct analysis *after,
	const struct map_list *maps, struct growth **ret);
void growth_destroy(struct growth *growth);
DEFINE_CLEANUP(growth)

static inline int64_t growth_bytes(const struct growth_sum *sum)
{
	return (int64_t)(sum->after.bytes - sum->before.bytes);
}

static inline int64_t growth_objects(const struct growth_sum *sum)
{
	return (int64_t)(sum->after.objects - sum->before.objects);
}

/* Born less died, of a holder. */
static inline int64_t growth_holder_bytes(const struct growth_holder *holder)
{
	return (int64_t)(holder->after.bytes - holder->survived.bytes) -
	       (int64_t)(holder->before.bytes - holder->kept.bytes);
}

static inline int64_t growth_holder_objects(const struct growth_holder *holder)
{
	return (int64_t)(holder->after.objects - holder->survived.objects) -
	       (int64_t)(holder->before.objects - holder->kept.objects);
}

/* So much a minute; 0 when the time is not known. */
int64_t growth_per_minute(const struct growth *growth, int64_t amount);
