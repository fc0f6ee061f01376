#include "baseline.h"

#include <string.h>
#include <xxhash.h>

#include "big_table.h"
#include "holder_rows.h"
#include "map_list.h"
#include "parallel.h"
#include "type_sums.h"

uint64_t baseline_type_key(const char *name)
{
	return XXH3_64bits(name, strlen(name)) | 1;
}

uint64_t *baseline_type_keys(const struct analysis *analysis)
{
	const struct object_types *types = &analysis->typing->object_types;
	uint64_t *keys = memory_array(types->list.count, sizeof(*keys));

	for (size_t i = 0; i < types->list.count; i++)
		keys[i] = baseline_type_key(types->list.items[i].name);
	return keys;
}

static void add_sum(struct baseline_sums *sums, uint64_t key, uint64_t objects, uint64_t bytes)
{
	addrmap_set(&sums->places, key, (uint32_t)sums->list.count);
	vec_push(&sums->list, {objects, bytes});
}

struct baseline_sum baseline_sum_of(const struct baseline_sums *sums, uint64_t key)
{
	uint32_t place;

	return addrmap_get(&sums->places, key, &place) ? sums->list.items[place]
						       : (struct baseline_sum){0};
}

static void note_types(struct baseline *baseline, const struct analysis *analysis)
{
	struct type_sums sums;

	baseline->type_keys = baseline_type_keys(analysis);
	type_sums_find(analysis, &sums);
	vec_foreach (sum, &sums.list)
		add_sum(&baseline->types, baseline->type_keys[sum->type], sum->objects,
			sum->shallow_bytes);
	type_sums_deinit(&sums);
}

/* The spans are divided among the workers; the bits of each are in words of their own. */
struct noting {
	struct baseline *baseline;
	const struct analysis *analysis;
	const struct holder_rows *rows;
	unsigned width;
};

static void note_span(const struct noting *noting, const struct span *span)
{
	const struct analysis *analysis = noting->analysis;

	for (uint32_t slot = 0; slot < span->nelems; slot++) {
		node_t node = node_of_object(analysis->objects, span->first + slot);

		if (!retention_alive(analysis->retention, node))
			continue;
		bitset_add(noting->baseline->alive + span->bits, slot);
		noting->baseline->holder_of[span->first + slot] =
			(uint16_t)noting->rows->of_set[retention_set(analysis->retention, node)];
	}
}

static struct error *note_spans(void *context, unsigned worker)
{
	const struct noting *noting = context;
	const struct heap *heap = noting->analysis->heap;

	for (uint32_t i = worker; i < heap->span_count; i += noting->width)
		note_span(noting, &heap->spans[i]);
	return NULL;
}

/* Which objects are alive, and whose they are. There are at most SETS_MAX rows. */
static struct error *note_objects(struct baseline *baseline, const struct analysis *analysis)
{
	const struct heap *heap = analysis->heap;
	struct holder_rows rows;
	struct noting noting = {baseline, analysis, &rows, parallel_width()};

	TRY(big_table_alloc(heap->bit_words, 8, &baseline->alive));
	TRY(big_table_alloc(heap->slots, sizeof(uint16_t), &baseline->holder_of));
	holder_rows_find(analysis, &rows);
	vec_foreach (row, &rows.list)
		add_sum(&baseline->holders, row->key, row->objects, row->bytes);
	struct error *error = parallel_run(noting.width, note_spans, &noting);
	holder_rows_deinit(&rows);
	return error;
}

static void note_goroutines(struct baseline *baseline, const struct analysis *analysis)
{
	const struct stacks *stacks = &analysis->objects->stacks;

	vec_foreach (goroutine, &stacks->goroutines.list) {
		addrmap_set(
			&baseline->goids, goroutine->goid, (uint32_t)baseline->goroutines.count);
		vec_push(&baseline->goroutines,
			{goroutine->goid, goroutine->sp, goroutine->stack_high});
	}
	vec_foreach (group, &stacks->groups)
		addrmap_set(&baseline->groups, group->hash, group->count);
}

/* What the census has of the analysis ends with it. */
static void take_over(struct baseline *baseline, struct analysis *analysis)
{
	baseline->program = take_pointer(analysis->program);
	baseline->heap = take_pointer(analysis->heap);
	baseline->type_of = take_pointer(analysis->typing->of);
	census_detach(&baseline->census);
}

struct error *baseline_take(
	struct analysis *given, const struct map_list *maps, struct baseline **ret)
{
	_cleanup_(cleanup_analysis) struct analysis *analysis = given;
	_cleanup_(cleanup_baseline) struct baseline *baseline = memory_alloc(sizeof(*baseline));

	baseline->figures = analysis->figures;
	baseline->capture = analysis->program->target->capture;
	note_types(baseline, analysis);
	note_goroutines(baseline, analysis);
	census_take(analysis, maps, &baseline->census);
	TRY(note_objects(baseline, analysis));
	take_over(baseline, analysis);
	target_release_pages(baseline->program->target);
	*ret = take_pointer(baseline);
	return NULL;
}

void baseline_forget_objects(struct baseline *baseline)
{
	if (!baseline->heap)
		return;
	big_table_free(baseline->alive, baseline->heap->bit_words * 8);
	big_table_free(baseline->type_of, baseline->heap->slots * sizeof(otype_t));
	big_table_free(baseline->holder_of, baseline->heap->slots * sizeof(uint16_t));
	baseline->alive = NULL;
	baseline->holder_of = NULL;
	baseline->type_of = NULL;
	heap_destroy(take_pointer(baseline->heap));
	program_destroy(take_pointer(baseline->program));
}

void baseline_destroy(struct baseline *baseline)
{
	if (!baseline)
		return;
	baseline_forget_objects(baseline);
	free(baseline->type_keys);
	addrmap_deinit(&baseline->types.places);
	vec_deinit(&baseline->types.list);
	addrmap_deinit(&baseline->holders.places);
	vec_deinit(&baseline->holders.list);
	addrmap_deinit(&baseline->goids);
	vec_deinit(&baseline->goroutines);
	addrmap_deinit(&baseline->groups);
	census_deinit(&baseline->census);
	free(baseline);
}
