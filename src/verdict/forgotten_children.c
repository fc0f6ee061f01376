#include "forgotten_children.h"

#include <string.h>

#include "big_table.h"
#include "bitset.h"
#include "gomap.h"
#include "reach.h"
#include "timers.h"

struct finder {
	const struct analysis *analysis;
	struct types *types;
	VEC(const struct listed_map *) maps;
	size_t words;
	uint64_t *removed;
	uint64_t *reached;           /* without these maps */
	uint64_t *reached_no_timers; /* nor the heaps of timers */
	struct forgotten_list *result;
};

static node_t node_at(const struct analysis *analysis, addr_t address)
{
	object_t object = heap_object_at(analysis->heap, address);

	return object == NO_OBJECT ? NO_NODE : node_of_object(analysis->objects, object);
}

static void find_maps(struct finder *finder, const struct map_list *maps, uint64_t at_least)
{
	vec_foreach (map, &maps->list) {
		if (map->entries >= at_least && map->type &&
			!strcmp(map->type->name, "map[context.canceler]struct {}"))
			vec_push(&finder->maps, map);
	}
}

static struct error *mark(struct finder *finder)
{
	const struct graph *graph = analysis_graph(finder->analysis);
	struct timers timers;

	finder->words = BITSET_WORDS(graph->count);
	TRY(big_table_alloc(finder->words, sizeof(uint64_t), &finder->removed));
	TRY(big_table_alloc(finder->words, sizeof(uint64_t), &finder->reached));
	TRY(big_table_alloc(finder->words, sizeof(uint64_t), &finder->reached_no_timers));
	vec_foreach (map, &finder->maps)
		bitset_add(finder->removed, (*map)->node);
	TRY(reach_avoiding(graph, finder->removed, finder->reached));
	timers_load(finder->analysis->program->runtime, &timers);
	vec_foreach (timer, &timers.list) {
		node_t heap = node_at(finder->analysis, timer->heap);

		if (heap != NO_NODE)
			bitset_add(finder->removed, heap);
	}
	timers_deinit(&timers);
	return reach_avoiding(graph, finder->removed, finder->reached_no_timers);
}

struct count {
	struct finder *finder;
	struct forgotten_children *children;
	struct reader reader;
};

/* The key is an interface: itab, data. */
static bool count_child(void *context, const struct map_entry *entry)
{
	struct count *count = context;
	const struct analysis *analysis = count->finder->analysis;
	struct forgotten_children *children = count->children;
	node_t child = node_at(analysis, reader_u64(&count->reader, entry->key + 8));

	if (count->reader.failed || child == NO_NODE ||
		bitset_has(count->finder->reached_no_timers, child))
		return count->reader.failed;
	uint64_t bytes = retention_retained(analysis->retention, child);
	children->forgotten++;
	children->timed += bitset_has(count->finder->reached, child);
	children->bytes += bytes;
	if (children->largest == NO_NODE ||
		bytes > retention_retained(analysis->retention, children->largest))
		children->largest = child;
	return false;
}

static void count_children(struct finder *finder, const struct listed_map *map)
{
	struct forgotten_children children = {
		.map = map->node, .entries = map->entries, .largest = NO_NODE};
	struct count count = {finder, &children, reader_over(finder->analysis->program->target)};
	struct go_map go_map;

	if (!gomap_open(finder->types, map->type, map->address, &go_map))
		return;
	gomap_entries(finder->types, &go_map, count_child, &count);
	if (children.forgotten)
		vec_push(&finder->result->list, children);
}

struct error *forgotten_children_find(const struct analysis *analysis, const struct map_list *maps,
	uint64_t at_least, struct forgotten_list *ret)
{
	struct finder finder = {
		.analysis = analysis, .types = &analysis->typing->types, .result = ret};
	struct error *error = NULL;

	*ret = (struct forgotten_list){0};
	find_maps(&finder, maps, at_least);
	if (finder.maps.count)
		error = mark(&finder);
	for (size_t i = 0; !error && i < finder.maps.count; i++)
		count_children(&finder, finder.maps.items[i]);
	big_table_free(finder.removed, finder.words * sizeof(uint64_t));
	big_table_free(finder.reached, finder.words * sizeof(uint64_t));
	big_table_free(finder.reached_no_timers, finder.words * sizeof(uint64_t));
	vec_deinit(&finder.maps);
	return error;
}

void forgotten_list_deinit(struct forgotten_list *list)
{
	vec_deinit(&list->list);
}
