#include "map_list.h"

#include "gomap.h"
#include "sync_map.h"

enum { MAX_DEPTH = 16, MAX_PLACES = 64 };

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
	struct map_list *maps;
	struct addrmap inner;   /* headers of maps that sync.Maps are made of */
	struct places *by_type; /* by object type; of one unit */
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
	struct sync_map map;

	if (!sync_map_read(finder->types, place->type, base + place->offset, &map)) {
		finder->maps->unreadable++;
		return;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(map.inner_maps); i++)
		addrmap_set(&finder->inner, map.inner_maps[i], 0);
	vec_push(&finder->maps->list, {.address = map.address,
					      .type = map.type,
					      .entries = map.entries,
					      .slots = map.slots,
					      .table_bytes = map.table_bytes,
					      .retained_bytes = retained_at(finder, map.parts[0]) +
								retained_at(finder, map.parts[1]),
					      .node = node});
}

static void add_map(
	struct finder *finder, const struct object_type *type, addr_t address, node_t node)
{
	struct go_map map;

	if (addrmap_get(&finder->inner, address, NULL))
		return;
	if (!gomap_open(finder->types, type->type, address, &map)) {
		finder->maps->unreadable++;
		return;
	}
	struct map_size size = gomap_size(finder->types, &map);
	vec_push(&finder->maps->list,
		{.address = address,
			.type = type->type,
			.entries = map.entries,
			.slots = size.slots,
			.table_bytes = size.table_bytes,
			.retained_bytes = retention_retained(finder->analysis->retention, node),
			.node = node});
}

static void find_types(struct finder *finder)
{
	const struct object_types *types = &finder->analysis->typing->object_types;

	finder->by_type = memory_array(types->list.count, sizeof(*finder->by_type));
	for (size_t i = 0; i < types->list.count; i++) {
		const struct object_type *type = &types->list.items[i];

		if (type->role == ROLE_VALUE || type->role == ROLE_ARRAY)
			find_places(finder->types, type->type, 0, &finder->by_type[i], 0);
	}
}

static void look_at_object(struct finder *finder, object_t object, bool sync_maps)
{
	const struct analysis *analysis = finder->analysis;
	otype_t number = analysis->typing->of[object];
	const struct object_type *type = object_type_at(&analysis->typing->object_types, number);
	const struct places *places = &finder->by_type[number];

	if (sync_maps ? !places->list.count : type->role != ROLE_MAP)
		return;
	const struct span *span = heap_span_of(analysis->heap, object);
	addr_t address = span->start + (object - span->first) * span->elemsize;
	node_t node = node_of_object(analysis->objects, object);

	if (!retention_alive(analysis->retention, node))
		return;
	if (!sync_maps) {
		target_note_use(analysis->program->target, span->bytes,
			(size_t)span->npages << RUNTIME_PAGE_SHIFT);
		add_map(finder, type, address, node);
		return;
	}
	uint64_t begin = span_header_bytes(span);
	uint64_t units = type->role == ROLE_ARRAY ? (span->elemsize - begin) / type->unit : 1;
	for (uint64_t i = 0; i < units; i++) {
		vec_foreach (place, &places->list)
			add_sync_map(finder, place, address + begin + i * type->unit, node);
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

static int by_retained(const void *left, const void *right)
{
	const struct listed_map *a = left, *b = right;

	if (a->retained_bytes != b->retained_bytes)
		return a->retained_bytes < b->retained_bytes ? 1 : -1;
	return (a->address > b->address) - (a->address < b->address);
}

/* sync.Maps first, because they say which maps are theirs. */
void map_list_find(const struct analysis *analysis, struct map_list *ret)
{
	struct finder finder = {
		.analysis = analysis, .types = &analysis->typing->types, .maps = ret};

	*ret = (struct map_list){0};
	find_types(&finder);
	look_at_variables(&finder);
	for (unsigned pass = 0; pass < 2; pass++) {
		for (object_t object = 0; object < analysis->heap->scan_slots; object++)
			look_at_object(&finder, object, pass == 0);
	}
	if (ret->list.count)
		qsort(ret->list.items, ret->list.count, sizeof(struct listed_map), by_retained);
	for (size_t i = 0; i < analysis->typing->object_types.list.count; i++)
		vec_deinit(&finder.by_type[i].list);
	free(finder.by_type);
	addrmap_deinit(&finder.inner);
}

void map_list_deinit(struct map_list *maps)
{
	vec_deinit(&maps->list);
}
