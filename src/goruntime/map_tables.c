#include "map_tables.h"

enum {
	SWISS_LOAD = 7,           /* of 8 slots: maxAvgGroupLoad */
	SWISS_TABLE_SLOTS = 1024, /* maxTableCapacity */
	BUCKETS_LOAD_DEN = 2,     /* loadFactorDen */
	BUCKETS_SPARE_SHIFT = 4,  /* one in 16 more, in advance, for overflow */
	BUCKETS_MAX_B = 48,
	EMPTY_ONE = 1, /* tophash of a slot whose entry was deleted */
};

struct tables_walk {
	struct types *types;
	const struct heap *heap;
	const struct go_map *map;
	struct map_tables tables;
	object_t arrays[2]; /* of buckets and old buckets: overflow buckets may be in them */
	unsigned array_count;
};

static uint64_t group_bytes(struct types *types, const struct go_type *type, uint64_t count)
{
	const struct go_type *group = types_at(types, type->map.group);

	return slot_size_round(&types->runtime->layout, count * type->map.group_size,
		group && group->pointer_bytes);
}

static void add_object_at(struct tables_walk *walk, addr_t address)
{
	object_t object = address ? heap_object_at(walk->heap, address) : NO_OBJECT;

	if (object != NO_OBJECT)
		walk->tables.bytes += heap_size(walk->heap, object);
}

/* What hmap.extra leads to: the lists of overflow buckets that have no pointers. */
static void add_extra(struct tables_walk *walk)
{
	const struct layout *layout = &walk->types->runtime->layout;
	struct reader reader = reader_over(walk->types->runtime->target);
	addr_t extra = read_field(&reader, walk->map->address, layout->hmap.extra);

	if (!extra)
		return;
	const addr_t lists[] = {read_field(&reader, extra, layout->map_extra.overflow),
		read_field(&reader, extra, layout->map_extra.old_overflow)};
	add_object_at(walk, extra);
	for (unsigned i = 0; i < ARRAY_SIZE(lists) && !reader.failed; i++) {
		add_object_at(walk, lists[i]);
		add_object_at(walk, lists[i] ? reader_u64(&reader, lists[i]) : 0);
	}
}

/* Overflow buckets may lie behind the others in the same object. */
static void add_object(struct tables_walk *walk, const struct map_piece *piece)
{
	object_t object = heap_object_at(walk->heap, piece->address);

	if (object == NO_OBJECT)
		return;
	for (unsigned i = 0; i < walk->array_count; i++) {
		if (walk->arrays[i] == object)
			return;
	}
	if (piece->count > 1 && walk->array_count < ARRAY_SIZE(walk->arrays))
		walk->arrays[walk->array_count++] = object;
	walk->tables.bytes += heap_size(walk->heap, object);
}

/* maxGrowthLeft - used - growthLeft */
static void add_tombstones(struct tables_walk *walk, addr_t table)
{
	const struct layout *layout = &walk->types->runtime->layout;
	struct reader reader = reader_over(walk->types->runtime->target);
	uint64_t capacity = read_field(&reader, table, layout->swiss_table.capacity);
	uint64_t used = read_field(&reader, table, layout->swiss_table.used);
	uint64_t left = read_field(&reader, table, layout->swiss_table.growth_left);
	uint64_t room =
		capacity <= GROUP_SLOTS ? capacity - 1 : capacity * SWISS_LOAD / GROUP_SLOTS;

	if (!reader.failed && capacity && used + left <= room)
		walk->tables.deleted += room - used - left;
}

static void add_deleted(struct tables_walk *walk, const struct map_piece *piece)
{
	struct reader reader = reader_over(walk->types->runtime->target);
	uint8_t tophash[GROUP_SLOTS];

	for (uint64_t i = 0; i < piece->count; i++) {
		addr_t bucket = piece->address + i * walk->map->type->map.group_size;

		if (!reader_bytes(&reader, bucket, tophash, sizeof(tophash)))
			return;
		for (unsigned slot = 0; slot < GROUP_SLOTS; slot++)
			walk->tables.deleted += tophash[slot] == EMPTY_ONE;
	}
}

static void visit_buckets(struct tables_walk *walk, const struct map_piece *piece)
{
	const struct layout *layout = &walk->types->runtime->layout;
	struct reader reader = reader_over(walk->types->runtime->target);
	addr_t header = walk->map->address;

	walk->tables.overflow +=
		piece->address != read_field(&reader, header, layout->hmap.buckets) &&
		piece->address != read_field(&reader, header, layout->hmap.oldbuckets);
	add_deleted(walk, piece);
}

static void visit_piece(void *context, const struct map_piece *piece)
{
	struct tables_walk *walk = context;

	add_object(walk, piece);
	if (piece->part == MAP_PART_TABLE)
		add_tombstones(walk, piece->address);
	if (piece->part != MAP_PART_GROUPS)
		return;
	walk->tables.slots += piece->count * GROUP_SLOTS;
	if (!walk->types->runtime->layout.features.swiss_maps)
		visit_buckets(walk, piece);
}

bool map_tables_read(struct types *types, const struct heap *heap, const struct go_map *map,
	struct map_tables *ret)
{
	struct tables_walk walk = {.types = types, .heap = heap, .map = map};

	if (!gomap_pieces(types, map, visit_piece, &walk))
		return false;
	if (!types->runtime->layout.features.swiss_maps)
		add_extra(&walk);
	*ret = walk.tables;
	return true;
}

static uint64_t power_of_two_from(uint64_t number)
{
	return number <= 1 ? 1 : (uint64_t)1 << (64 - __builtin_clzll(number - 1));
}

/* maps.NewMap */
static uint64_t swiss_bytes(struct types *types, const struct go_type *type, uint64_t entries)
{
	const struct layout *layout = &types->runtime->layout;

	if (entries <= GROUP_SLOTS)
		return entries ? group_bytes(types, type, 1) : 0;
	uint64_t capacity = entries * GROUP_SLOTS / SWISS_LOAD;
	uint64_t tables = power_of_two_from((capacity + SWISS_TABLE_SLOTS - 1) / SWISS_TABLE_SLOTS);
	uint64_t slots = power_of_two_from(MAX(capacity / tables, (uint64_t)GROUP_SLOTS));
	uint64_t table = slot_size_round(layout, layout->swiss_table.size, true) +
			 group_bytes(types, type, slots / GROUP_SLOTS);

	return slot_size_round(layout, tables * sizeof(addr_t), true) + tables * table;
}

/* makemap, makeBucketArray */
static uint64_t buckets_bytes(struct types *types, const struct go_type *type, uint64_t entries)
{
	const struct layout *layout = &types->runtime->layout;
	unsigned b = 0;

	if (!entries)
		return 0;
	while (b < BUCKETS_MAX_B && entries > GROUP_SLOTS &&
		entries > layout->features.bucket_load * (((uint64_t)1 << b) / BUCKETS_LOAD_DEN))
		b++;
	if (b < BUCKETS_SPARE_SHIFT)
		return group_bytes(types, type, (uint64_t)1 << b);
	uint64_t buckets = ((uint64_t)1 << b) + ((uint64_t)1 << (b - BUCKETS_SPARE_SHIFT));
	return group_bytes(types, type, buckets) +
	       slot_size_round(layout, layout->map_extra.size, true);
}

uint64_t map_tables_bytes_of_new(struct types *types, const struct go_type *type, uint64_t entries)
{
	return types->runtime->layout.features.swiss_maps ? swiss_bytes(types, type, entries)
							  : buckets_bytes(types, type, entries);
}
