#include "map_list.h"

#include "gomap.h"
#include "parallel.h"
#include "sync_map.h"

enum {
	MAX_DEPTH = 16,
	MAX_PLACES = 64,
	SPANS_AT_ONCE = 256, /* that a worker takes */
};

/* Where in a value of a type a sync.Map is. */
struct place {
	uint64_t offset;
	const struct go_type *type;
};

struct places {
	VEC(struct place) list;
};

struct finder {
	const struct analysis *analysis;
	struct types *types;
	struct addrmap inner;   /* headers of maps that sync.Maps are made of */
	struct places *by_type; /* by object type; of one unit */
	struct parallel_share spans;
	struct map_list found[MAX_WORKERS]; /* by worker */
};

static void find_places(struct types *types, const struct go_type *type, uint64_t offset,
	struct places *places, unsigned depth)
{
	if (!type || depth > MAX_DEPTH || places->list.count >= MAX_PLACES)
		return;
	if (sync_map_is(type)) {
		vec_push(&places->list, {offset, type});
		return;
	}
	if (type->kind == KIND_STRUCT) {
		for (uint32_t i = 0; i < type->field_count; i++)
			find_places(types, types_at(types, type->fields[i].type),
				offset + type->fields[i].offset, places, depth + 1);
	} else if (type->kind == KIND_ARRAY) {
		const struct go_type *elem = types_at(types, type->elem);

		for (uint64_t i = 0; elem && i < MIN(type->length, (uint64_t)MAX_PLACES); i++)
			find_places(types, elem, offset + i * elem->size, places, depth + 1);
	}
}

static uint64_t retained_at(const struct finder *finder, addr_t address)
{
	object_t object = address ? heap_object_at(finder->analysis->heap, address) : NO_OBJECT;

	return object == NO_OBJECT ? 0
				   : retention_retained(finder->analysis->retention,
					     node_of_object(finder->analysis->objects, object));
}

static void add_sync_map(struct finder *finder, const struct place *place, addr_t base, node_t node)
{
	struct map_list *found = &finder->found[0];
	struct sync_map map;

	if (!sync_map_read(finder->types, place->type, base + place->offset, &map)) {
		found->unreadable++;
		return;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(map.inner_maps); i++)
		addrmap_set(&finder->inner, map.inner_maps[i], 0);
	vec_push(&found->list, {.address = map.address,
				       .type = map.type,
				       .entries = map.entries,
				       .slots = map.slots,
				       .table_bytes = map.table_bytes,
				       .retained_bytes = retained_at(finder, map.parts[0]) +
							 retained_at(finder, map.parts[1]),
				       .node = node});
}

/* False: no type has a sync.Map in it. */
static bool find_types(struct finder *finder)
{
	const struct object_types *types = &finder->analysis->typing->object_types;
	bool any = false;

	finder->by_type = memory_array(types->list.count, sizeof(*finder->by_type));
	for (size_t i = 0; i < types->list.count; i++) {
		const struct object_type *type = &types->list.items[i];

		if (type->role == ROLE_VALUE || type->role == ROLE_ARRAY)
			find_places(finder->types, type->type, 0, &finder->by_type[i], 0);
		any |= finder->by_type[i].list.count > 0;
	}
	return any;
}

static void add_sync_maps(struct finder *finder, const struct span *span, object_t object,
	const struct places *places)
{
	const struct analysis *analysis = finder->analysis;
	const struct object_type *type =
		object_type_at(&analysis->typing->object_types, analysis->typing->of[object]);
	uint64_t begin = span_header_bytes(span);
	addr_t first = span->start + (object - span->first) * span->elemsize + begin;
	uint64_t units = type->role == ROLE_ARRAY ? (span->elemsize - begin) / type->unit : 1;

	for (uint64_t i = 0; i < units; i++) {
		vec_foreach (place, &places->list)
			add_sync_map(finder, place, first + i * type->unit,
				node_of_object(analysis->objects, object));
	}
}

static void look_at_objects(struct finder *finder)
{
	const struct analysis *analysis = finder->analysis;
	const struct heap *heap = analysis->heap;

	for (uint32_t i = 0; i < heap->scan_spans; i++) {
		const struct span *span = &heap->spans[i];

		for (object_t object = span->first; object < span->first + span->nelems; object++) {
			const struct places *places =
				&finder->by_type[analysis->typing->of[object]];

			if (places->list.count && analysis_alive(analysis, object))
				add_sync_maps(finder, span, object, places);
		}
	}
}

static void look_at_variables(struct finder *finder)
{
	const struct object_graph *objects = finder->analysis->objects;

	for (uint32_t i = 0; i < objects->variables.count; i++) {
		const struct go_variable *variable = &objects->variables.items[i];
		struct places places = {0};

		find_places(finder->types, types_at(finder->types, variable->type), 0, &places, 0);
		vec_foreach (place, &places.list)
			add_sync_map(finder, place, variable->address, objects->first_virtual + i);
		vec_deinit(&places.list);
	}
}

static void look_for_sync_maps(struct finder *finder)
{
	look_at_variables(finder);
	if (find_types(finder))
		look_at_objects(finder);
}

static void add_map(struct finder *finder, const struct go_type *type, addr_t address, node_t node,
	struct map_list *found)
{
	struct go_map map;

	if (!gomap_open(finder->types, type, address, &map)) {
		found->unreadable++;
		return;
	}
	struct map_size size = gomap_size(finder->types, &map);
	vec_push(&found->list,
		{.address = address,
			.type = type,
			.entries = map.entries,
			.slots = size.slots,
			.table_bytes = size.table_bytes,
			.retained_bytes = retention_retained(finder->analysis->retention, node),
			.node = node});
}

static void look_at_span(struct finder *finder, const struct span *span, struct map_list *found)
{
	const struct analysis *analysis = finder->analysis;
	const struct typing *typing = analysis->typing;
	size_t before = found->list.count;

	for (uint32_t slot = 0; slot < span->nelems; slot++) {
		object_t object = span->first + slot;
		const struct object_type *type =
			object_type_at(&typing->object_types, typing->of[object]);

		if (type->role == ROLE_MAP && analysis_alive(analysis, object))
			add_map(finder, type->type, span->start + slot * span->elemsize,
				node_of_object(analysis->objects, object), found);
	}
	if (found->list.count > before)
		target_note_use(analysis->program->target, span->bytes,
			(size_t)span->npages << RUNTIME_PAGE_SHIFT);
}

static int by_retained(const void *left, const void *right)
{
	const struct listed_map *a = left, *b = right;

	if (a->retained_bytes != b->retained_bytes)
		return a->retained_bytes < b->retained_bytes ? 1 : -1;
	return (a->address > b->address) - (a->address < b->address);
}

/* One worker begins with the sync.Maps: a large one takes as long as many maps. */
static struct error *look_for_all(void *context, unsigned worker)
{
	struct finder *finder = context;
	const struct heap *heap = finder->analysis->heap;
	struct map_list *found = &finder->found[worker];
	uint64_t first, end;

	if (worker == 0)
		look_for_sync_maps(finder);
	while (parallel_take(&finder->spans, SPANS_AT_ONCE, &first, &end)) {
		for (uint64_t i = first; i < end; i++)
			look_at_span(finder, &heap->spans[i], found);
	}
	if (found->list.count)
		qsort(found->list.items, found->list.count, sizeof(struct listed_map), by_retained);
	return NULL;
}

/* Both are sorted. From the end, so that no third list is needed. */
static void merge(struct map_list *into, const struct map_list *from)
{
	size_t left = into->list.count, right = from->list.count, at = left + right;

	vec_reserve(&into->list, at);
	into->list.count = at;
	while (right) {
		bool take_left = left && by_retained(&into->list.items[left - 1],
						 &from->list.items[right - 1]) > 0;

		into->list.items[--at] =
			take_left ? into->list.items[--left] : from->list.items[--right];
	}
	into->unreadable += from->unreadable;
}

/* Maps that sync.Maps are made of are no maps of their own. */
static void drop_inner(const struct finder *finder, struct map_list *maps)
{
	size_t kept = 0;

	vec_foreach (map, &maps->list) {
		if (!addrmap_get(&finder->inner, map->address, NULL))
			maps->list.items[kept++] = *map;
	}
	maps->list.count = kept;
}

static void merge_all(struct finder *finder, struct map_list *ret)
{
	*ret = finder->found[0];
	finder->found[0] = (struct map_list){0};
	for (unsigned i = 1; i < MAX_WORKERS; i++) {
		merge(ret, &finder->found[i]);
		map_list_deinit(&finder->found[i]);
	}
	if (finder->inner.count)
		drop_inner(finder, ret);
}

static void finder_deinit(struct finder *finder)
{
	for (unsigned i = 0; i < MAX_WORKERS; i++)
		map_list_deinit(&finder->found[i]);
	for (size_t i = 0; i < finder->analysis->typing->object_types.list.count; i++)
		vec_deinit(&finder->by_type[i].list);
	free(finder->by_type);
	addrmap_deinit(&finder->inner);
}

struct error *map_list_find(const struct analysis *analysis, struct map_list *ret)
{
	struct finder finder = {
		.analysis = analysis,
		.types = &analysis->typing->types,
		.spans = {.count = analysis->heap->scan_spans},
	};

	*ret = (struct map_list){0};
	struct error *error = parallel_run(parallel_width(), look_for_all, &finder);
	if (!error)
		merge_all(&finder, ret);
	finder_deinit(&finder);
	return error;
}

void map_list_deinit(struct map_list *maps)
{
	vec_deinit(&maps->list);
}
