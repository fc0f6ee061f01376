#include "gomap.h"

#include "bytes.h"
#include "cycle.h"

enum {
	CONTROL_FREE = 0x80,   /* empty or deleted: the highest bit of a control byte */
	TOPHASH_MIN = 5,       /* below: empty, evacuated */
	TOPHASH_EVACUATED = 2, /* 2 to 4 in the first slot: the bucket was moved */
	MAX_B = 48,
	MAX_DIRECTORY = 1 << 26,
	MAX_OVERFLOW = 1 << 24,
	MAX_GROUPS_BITS = 40,
	FLAG_SAME_SIZE_GROW = 8,
	FLAG_WRITING = 4, /* hashWriting */
	MAX_GROUP_BYTES = 1 << 14,
};

static bool swiss(const struct types *types)
{
	return types->runtime->layout.features.swiss_maps;
}

uint64_t gomap_header_size(const struct layout *layout)
{
	return layout->features.swiss_maps ? layout->swiss_map.size : layout->hmap.size;
}

bool gomap_open(struct types *types, const struct go_type *type, addr_t address, struct go_map *ret)
{
	const struct layout *layout = &types->runtime->layout;
	struct reader reader = reader_over(types->runtime->target);
	struct go_map map = {.address = address, .type = type};

	if (type->kind != KIND_MAP || !type->map.group_size ||
		type->map.group_size > MAX_GROUP_BYTES)
		return false;
	if (swiss(types)) {
		uint64_t directory = read_field(&reader, address, layout->swiss_map.dir_len);
		uint64_t depth = read_field(&reader, address, layout->swiss_map.global_depth);

		map.entries = read_field(&reader, address, layout->swiss_map.used);
		map.writing = read_field(&reader, address, layout->swiss_map.writing);
		if (directory > MAX_DIRECTORY || (directory & (directory - 1)) ||
			(directory && directory != (uint64_t)1 << (depth & 63)))
			return false;
	} else {
		uint64_t b = read_field(&reader, address, layout->hmap.b);

		map.entries = read_field(&reader, address, layout->hmap.count);
		map.writing = read_field(&reader, address, layout->hmap.flags) & FLAG_WRITING;
		if (b > MAX_B || (read_field(&reader, address, layout->hmap.oldbuckets) &&
					 !read_field(&reader, address, layout->hmap.buckets)))
			return false;
	}
	if (reader.failed || map.entries >> MAX_B)
		return false;
	*ret = map;
	return true;
}

struct piece_walk {
	struct types *types;
	const struct go_map *map;
	map_piece_fn *visit;
	void *context;
	struct reader reader;
};

static void emit(
	struct piece_walk *walk, enum map_part part, addr_t address, uint64_t count, bool old)
{
	if (address && count)
		walk->visit(walk->context, &(struct map_piece){part, address, count, old});
}

static void walk_table(struct piece_walk *walk, addr_t table)
{
	const struct layout *layout = &walk->types->runtime->layout;
	addr_t groups = reader_u64(&walk->reader, table + layout->swiss_table.groups.at);
	uint64_t mask = reader_u64(&walk->reader, table + layout->swiss_table.groups.at + 8);

	if (mask >> MAX_GROUPS_BITS || (mask & (mask + 1)))
		walk->reader.failed = true;
	if (walk->reader.failed)
		return;
	emit(walk, MAP_PART_TABLE, table, 1, false);
	emit(walk, MAP_PART_GROUPS, groups, mask + 1, false);
}

/* A table stands in the directory as often as its depth says, in a row. */
static bool walk_swiss(struct piece_walk *walk)
{
	const struct layout *layout = &walk->types->runtime->layout;
	addr_t map = walk->map->address;
	addr_t directory = read_field(&walk->reader, map, layout->swiss_map.dir_ptr);
	uint64_t length = read_field(&walk->reader, map, layout->swiss_map.dir_len);
	addr_t last = 0;

	if (!length) {
		emit(walk, MAP_PART_GROUPS, directory, 1, false);
		return !walk->reader.failed;
	}
	emit(walk, MAP_PART_DIRECTORY, directory, length, false);
	for (uint64_t i = 0; i < length && !walk->reader.failed; i++) {
		addr_t table = reader_u64(&walk->reader, directory + 8 * i);

		if (table && table != last)
			walk_table(walk, table);
		last = table;
	}
	return !walk->reader.failed;
}

/* The chains of overflow buckets of an array; the link is the last word of a bucket. */
static void walk_chains(struct piece_walk *walk, addr_t array, uint64_t count, bool old)
{
	uint64_t size = walk->map->type->map.group_size, seen = 0;

	for (uint64_t i = 0; i < count && !walk->reader.failed; i++) {
		addr_t bucket = reader_u64(&walk->reader, array + (i + 1) * size - 8);

		struct cycle cycle = {0};

		while (bucket && seen++ < MAX_OVERFLOW && !walk->reader.failed) {
			if (cycle_closes(&cycle, bucket)) {
				walk->reader.failed = true;
				return;
			}
			emit(walk, MAP_PART_GROUPS, bucket, 1, old);
			bucket = reader_u64(&walk->reader, bucket + size - 8);
		}
	}
}

/* The overflow buckets that a []*bmap lists. */
static void walk_list(struct piece_walk *walk, addr_t slice, bool old)
{
	addr_t array = reader_u64(&walk->reader, slice);
	uint64_t length = reader_u64(&walk->reader, slice + 8);

	if (length > MAX_OVERFLOW)
		walk->reader.failed = true;
	for (uint64_t i = 0; i < length && !walk->reader.failed; i++)
		emit(walk, MAP_PART_GROUPS, reader_u64(&walk->reader, array + 8 * i), 1, old);
}

/* Buckets without pointers are not scanned, and silt does not capture them; the overflow buckets
 * among them are kept alive by lists in hmap.extra (map.go, mapextra), which are. */
static void walk_overflow(struct piece_walk *walk, addr_t array, uint64_t count, bool old)
{
	const struct layout *layout = &walk->types->runtime->layout;
	const struct go_type *bucket = types_at(walk->types, walk->map->type->map.group);

	if (!bucket || bucket->pointer_bytes) {
		walk_chains(walk, array, count, old);
		return;
	}
	addr_t extra = read_field(&walk->reader, walk->map->address, layout->hmap.extra);
	addr_t slice =
		extra ? read_field(&walk->reader, extra,
				old ? layout->map_extra.old_overflow : layout->map_extra.overflow)
		      : 0;

	if (slice)
		walk_list(walk, slice, old);
}

static bool walk_buckets(struct piece_walk *walk)
{
	const struct layout *layout = &walk->types->runtime->layout;
	addr_t map = walk->map->address;
	uint64_t b = read_field(&walk->reader, map, layout->hmap.b);
	uint64_t flags = read_field(&walk->reader, map, layout->hmap.flags);
	addr_t buckets = read_field(&walk->reader, map, layout->hmap.buckets);
	addr_t old = read_field(&walk->reader, map, layout->hmap.oldbuckets);
	uint64_t count = (uint64_t)1 << b;
	uint64_t old_count = flags & FLAG_SAME_SIZE_GROW || !b ? count : count / 2;

	if (buckets) {
		emit(walk, MAP_PART_GROUPS, buckets, count, false);
		walk_overflow(walk, buckets, count, false);
	}
	if (old) {
		emit(walk, MAP_PART_GROUPS, old, old_count, true);
		walk_overflow(walk, old, old_count, true);
	}
	return !walk->reader.failed;
}

bool gomap_pieces(struct types *types, const struct go_map *map, map_piece_fn *visit, void *context)
{
	struct piece_walk walk = {types, map, visit, context, reader_over(types->runtime->target)};

	return swiss(types) ? walk_swiss(&walk) : walk_buckets(&walk);
}

struct entry_walk {
	struct types *types;
	const struct go_map *map;
	map_entry_fn *visit;
	void *context;
	struct reader reader;
	uint64_t count;
	bool stopped;
};

/* Is the slot in use? `control`: the eight bytes at the start of a group or bucket. */
static bool slot_used(const struct entry_walk *walk, const uint8_t *control, unsigned slot)
{
	return swiss(walk->types) ? !(control[slot] & CONTROL_FREE) : control[slot] >= TOPHASH_MIN;
}

static void walk_group(struct entry_walk *walk, addr_t group, bool old)
{
	const struct go_map_shape *shape = &walk->map->type->map;
	uint8_t control[GROUP_SLOTS];

	if (!reader_bytes(&walk->reader, group, control, sizeof(control)))
		return;
	if (old && control[0] >= TOPHASH_EVACUATED && control[0] < TOPHASH_MIN)
		return; /* its entries are in the new buckets */
	for (unsigned slot = 0; slot < GROUP_SLOTS && !walk->stopped; slot++) {
		struct map_entry entry = {
			.key = group + shape->key_at + slot * shape->key_stride,
			.elem = group + shape->elem_at + slot * shape->elem_stride,
		};

		if (!slot_used(walk, control, slot))
			continue;
		if (shape->key_indirect)
			entry.key = reader_u64(&walk->reader, entry.key);
		if (shape->elem_indirect)
			entry.elem = reader_u64(&walk->reader, entry.elem);
		walk->count++;
		walk->stopped = walk->visit(walk->context, &entry);
	}
}

static void visit_groups(void *context, const struct map_piece *piece)
{
	struct entry_walk *walk = context;

	for (uint64_t i = 0; piece->part == MAP_PART_GROUPS && i < piece->count; i++) {
		if (walk->stopped || walk->reader.failed)
			return;
		walk_group(walk, piece->address + i * walk->map->type->map.group_size, piece->old);
	}
}

uint64_t gomap_entries(
	struct types *types, const struct go_map *map, map_entry_fn *visit, void *context)
{
	struct entry_walk walk = {
		types, map, visit, context, reader_over(types->runtime->target), 0, false};

	gomap_pieces(types, map, visit_groups, &walk);
	return walk.count;
}

struct size_walk {
	struct types *types;
	const struct go_map *map;
	struct map_size size;
};

static void add_piece(void *context, const struct map_piece *piece)
{
	struct size_walk *walk = context;
	const struct layout *layout = &walk->types->runtime->layout;

	switch (piece->part) {
	case MAP_PART_GROUPS:
		walk->size.slots += piece->count * GROUP_SLOTS;
		walk->size.table_bytes += piece->count * walk->map->type->map.group_size;
		break;
	case MAP_PART_TABLE:
		walk->size.table_bytes += layout->swiss_table.size;
		break;
	case MAP_PART_DIRECTORY:
		walk->size.table_bytes += piece->count * 8;
		break;
	}
}

struct map_size gomap_size(struct types *types, const struct go_map *map)
{
	struct size_walk walk = {.types = types, .map = map};

	gomap_pieces(types, map, add_piece, &walk);
	return walk.size;
}
