#include "baseline.h"

#include <string.h>
#include <xxhash.h>

#include "big_table.h"
#include "holder_rows.h"
#include "map_list.h"
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

static void note_holders(struct baseline *baseline, const struct analysis *analysis)
{
	struct holder_rows rows;

	holder_rows_find(analysis, &rows);
	vec_foreach (row, &rows.list)
		add_sum(&baseline->holders, row->key, row->objects, row->bytes);
	holder_rows_deinit(&rows);
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

static void note_census(struct baseline *baseline, const struct analysis *analysis)
{
	struct map_list maps;

	map_list_find(analysis, &maps);
	census_take(analysis, &maps, &baseline->census);
	map_list_deinit(&maps);
}

static struct error *note_alive(struct baseline *baseline, const struct analysis *analysis)
{
	const struct heap *heap = analysis->heap;

	TRY(big_table_alloc(heap->bit_words, 8, &baseline->alive));
	for (uint32_t i = 0; i < heap->span_count; i++) {
		const struct span *span = &heap->spans[i];

		for (uint32_t slot = 0; slot < span->nelems; slot++) {
			if (analysis_alive(analysis, span->first + slot))
				bitset_add(baseline->alive + span->bits, slot);
		}
	}
	return NULL;
}

/* What the census has of the analysis ends with it. */
static void take_over(struct baseline *baseline, struct analysis *analysis)
{
	baseline->program = take_pointer(analysis->program);
	baseline->heap = take_pointer(analysis->heap);
	baseline->type_of = take_pointer(analysis->typing->of);
	census_detach(&baseline->census);
}

struct error *baseline_take(struct analysis *analysis, struct baseline **ret)
{
	_cleanup_(cleanup_analysis) struct analysis *owned = analysis;
	_cleanup_(cleanup_baseline) struct baseline *baseline = memory_alloc(sizeof(*baseline));

	baseline->figures = analysis->figures;
	baseline->capture = analysis->program->target->capture;
	note_types(baseline, analysis);
	note_holders(baseline, analysis);
	note_goroutines(baseline, analysis);
	note_census(baseline, analysis);
	TRY(note_alive(baseline, analysis));
	take_over(baseline, analysis);
	*ret = take_pointer(baseline);
	return NULL;
}

void baseline_forget_objects(struct baseline *baseline)
{
	if (!baseline->heap)
		return;
	big_table_free(baseline->alive, baseline->heap->bit_words * 8);
	big_table_free(baseline->type_of, baseline->heap->slots * sizeof(otype_t));
	baseline->alive = NULL;
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
