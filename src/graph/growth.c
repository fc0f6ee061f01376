#include "growth.h"

#include "map_list.h"
#include "parallel.h"
#include "same_words.h"
#include "type_sums.h"

#define NS_PER_MINUTE 60e9

struct survivor_sums {
	struct baseline_sum *by_set, *by_type;
	struct baseline_sum *by_earlier; /* by place in the holders of the earlier snapshot */
};

struct summing {
	const struct growth *growth;
	size_t types;
	unsigned width;
	struct survivor_sums *workers;
};

static void add_object(struct baseline_sum *sum, uint64_t bytes)
{
	sum->objects++;
	sum->bytes += bytes;
}

static void sum_span(
	const struct growth *growth, const struct span *span, struct survivor_sums *sums)
{
	const struct analysis *analysis = growth->after;
	const struct baseline *before = growth->steps[0];
	const struct span *was = same_span(before->heap, span);

	for (uint32_t slot = 0; was && slot < span->nelems; slot++) {
		object_t object = span->first + slot;

		if (!survival_has(&growth->survival, span, slot))
			continue;
		set_t set = retention_set(
			analysis->retention, node_of_object(analysis->objects, object));
		add_object(&sums->by_set[set], span->elemsize);
		add_object(&sums->by_type[analysis->typing->of[object]], span->elemsize);
		add_object(&sums->by_earlier[before->holder_of[was->first + slot]], span->elemsize);
	}
}

static struct error *sum_survivors(void *context, unsigned worker)
{
	struct summing *summing = context;
	const struct analysis *analysis = summing->growth->after;
	struct survivor_sums *sums = &summing->workers[worker];

	sums->by_set = memory_array(analysis->retention->set_count, sizeof(*sums->by_set));
	sums->by_type = memory_array(summing->types, sizeof(*sums->by_type));
	sums->by_earlier = memory_array(
		summing->growth->steps[0]->holders.list.count, sizeof(*sums->by_earlier));
	for (uint32_t i = worker; i < analysis->heap->span_count; i += summing->width)
		sum_span(summing->growth, &analysis->heap->spans[i], sums);
	return NULL;
}

static void add_sum(struct baseline_sum *sum, const struct baseline_sum *part)
{
	sum->objects += part->objects;
	sum->bytes += part->bytes;
}

static void survivor_sums_deinit(struct survivor_sums *sums)
{
	free(sums->by_set);
	free(sums->by_type);
	free(sums->by_earlier);
}

/* By set and by type, all workers together: in the first worker's tables. */
static struct error *find_survivor_sums(struct summing *summing)
{
	const struct retention *retention = summing->growth->after->retention;
	struct error *error = parallel_run(summing->width, sum_survivors, summing);
	struct survivor_sums *first = &summing->workers[0];
	size_t earlier = summing->growth->steps[0]->holders.list.count;

	for (unsigned i = 1; i < summing->width; i++) {
		struct survivor_sums *sums = &summing->workers[i];

		for (size_t set = 0; !error && set < retention->set_count; set++)
			add_sum(&first->by_set[set], &sums->by_set[set]);
		for (size_t type = 0; !error && type < summing->types; type++)
			add_sum(&first->by_type[type], &sums->by_type[type]);
		for (size_t row = 0; !error && row < earlier; row++)
			add_sum(&first->by_earlier[row], &sums->by_earlier[row]);
		survivor_sums_deinit(sums);
	}
	return error;
}

static int compare_growth(int64_t left, int64_t right)
{
	return left > right ? -1 : left < right;
}

static int by_holder_growth(const void *left, const void *right)
{
	const struct growth_holder *a = left, *b = right;
	int order = compare_growth(growth_holder_bytes(a), growth_holder_bytes(b));

	return order ? order : (a->row > b->row) - (a->row < b->row);
}

static int by_type_growth(const void *left, const void *right)
{
	const struct growth_type *a = left, *b = right;
	int order = compare_growth(growth_bytes(&a->sum), growth_bytes(&b->sum));

	return order ? order : (a->type > b->type) - (a->type < b->type);
}

static int by_group_growth(const void *left, const void *right)
{
	const struct growth_group *a = left, *b = right;
	int order =
		compare_growth((int64_t)(a->after - a->before), (int64_t)(b->after - b->before));

	return order ? order : (a->group > b->group) - (a->group < b->group);
}

static struct growth_holder holder_of_row(const struct baseline *before,
	const struct survivor_sums *survivors, const struct holder_row *row)
{
	struct growth_holder holder = {.row = row, .after = {row->objects, row->bytes}};
	uint32_t place;

	if (addrmap_get(&before->holders.places, row->key, &place)) {
		holder.before = before->holders.list.items[place];
		holder.kept = survivors->by_earlier[place];
	}
	return holder;
}

static void find_holders(struct growth *growth, const struct survivor_sums *survivors)
{
	vec_foreach (row, &growth->rows.list)
		vec_push(&growth->holders, holder_of_row(growth->steps[0], survivors, row));
	for (uint32_t set = 0; set < growth->after->retention->set_count; set++)
		add_sum(&growth->holders.items[growth->rows.of_set[set]].survived,
			&survivors->by_set[set]);
	qsort(growth->holders.items, growth->holders.count, sizeof(struct growth_holder),
		by_holder_growth);
}

/* Types of one name are one. */
static void find_types(struct growth *growth, const struct baseline_sum *survived_by_type)
{
	_cleanup_free_ uint64_t *keys = baseline_type_keys(growth->after);
	struct addrmap places = {0};
	struct type_sums sums;

	type_sums_find(growth->after, &sums);
	vec_foreach (sum, &sums.list) {
		addrmap_set(&places, keys[sum->type], (uint32_t)growth->types.count);
		vec_push(&growth->types,
			{.type = sum->type,
				.sum = {
					.before = baseline_sum_of(
						&growth->steps[0]->types, keys[sum->type]),
					.after = {sum->objects, sum->shallow_bytes},
				}});
	}
	type_sums_deinit(&sums);
	for (size_t i = 0; i < growth->after->typing->object_types.list.count; i++) {
		uint32_t place;

		if (!addrmap_get(&places, keys[i], &place))
			continue;
		add_sum(&growth->types.items[place].sum.survived, &survived_by_type[i]);
		add_sum(&growth->all.survived, &survived_by_type[i]);
	}
	addrmap_deinit(&places);
	if (growth->types.count)
		qsort(growth->types.items, growth->types.count, sizeof(struct growth_type),
			by_type_growth);
}

static void find_groups(struct growth *growth)
{
	const struct stacks *stacks = &growth->after->objects->stacks;
	const struct baseline *before = growth->steps[0];

	for (uint32_t i = 0; i < stacks->groups.count; i++) {
		uint32_t was = 0;

		addrmap_get(&before->groups, stacks->groups.items[i].hash, &was);
		vec_push(&growth->groups,
			{.group = i, .before = was, .after = stacks->groups.items[i].count});
	}
	for (size_t i = 0; i < stacks->goroutines.list.count; i++) {
		if (!addrmap_get(&before->goids, stacks->goroutines.list.items[i].goid, NULL))
			continue;
		growth->groups.items[stacks->group_of[i]].survived++;
		growth->goroutines_survived++;
	}
	if (growth->groups.count)
		qsort(growth->groups.items, growth->groups.count, sizeof(struct growth_group),
			by_group_growth);
}

static struct error *fill(struct growth *growth, const struct map_list *maps)
{
	const struct baseline *before = growth->steps[0];
	const struct capture_facts *first = &before->capture;
	const struct capture_facts *last = &growth->after->program->target->capture;
	struct summing summing = {
		.growth = growth,
		.types = growth->after->typing->object_types.list.count,
		.width = parallel_width(),
	};

	if (first->monotonic_ns && last->monotonic_ns) {
		if (last->monotonic_ns < first->monotonic_ns)
			return survival_wrong_order();
		growth->elapsed_ns = last->monotonic_ns - first->monotonic_ns;
	}
	growth->all.before =
		(struct baseline_sum){before->figures.live_objects, before->figures.live_bytes};
	growth->all.after = (struct baseline_sum){
		growth->after->figures.live_objects, growth->after->figures.live_bytes};
	TRY(survival_find(before, growth->after, &growth->survival));
	summing.workers = memory_array(summing.width, sizeof(*summing.workers));
	struct error *error = find_survivor_sums(&summing);
	if (!error) {
		holder_rows_find(growth->after, &growth->rows);
		find_holders(growth, &summing.workers[0]);
		find_types(growth, summing.workers[0].by_type);
		find_groups(growth);
		census_take(growth->after, maps, &growth->census);
	}
	survivor_sums_deinit(&summing.workers[0]);
	free(summing.workers);
	return error;
}

struct error *growth_find(struct baseline *const *steps, size_t count, const struct analysis *after,
	const struct map_list *maps, struct growth **ret)
{
	_cleanup_(cleanup_growth) struct growth *growth = memory_alloc(sizeof(*growth));

	growth->after = after;
	growth->steps = steps;
	growth->step_count = count;
	TRY(fill(growth, maps));
	*ret = take_pointer(growth);
	return NULL;
}

void growth_destroy(struct growth *growth)
{
	if (!growth)
		return;
	survival_deinit(&growth->survival);
	holder_rows_deinit(&growth->rows);
	census_deinit(&growth->census);
	vec_deinit(&growth->holders);
	vec_deinit(&growth->types);
	vec_deinit(&growth->groups);
	free(growth);
}

int64_t growth_per_minute(const struct growth *growth, int64_t amount)
{
	return growth->elapsed_ns
		       ? (int64_t)((double)amount * NS_PER_MINUTE / (double)growth->elapsed_ns)
		       : 0;
}
