#include "census.h"

#include <string.h>
#include <xxhash.h>

#include "baseline.h"
#include "gomap.h"
#include "listeners.h"
#include "sync_map.h"

enum {
	SMALLEST = 32,              /* entries: of smaller collections members are not noted */
	MAX_MEMBERS = 1 << 24,      /* in all */
	MAX_MEMBER_BYTES = 1 << 10, /* of a key or an element */
};

struct taker {
	const struct analysis *analysis;
	struct types *types;
	struct census *census;
	uint64_t members_left;
};

/* Members as they are read. */
struct gathering {
	struct reader reader;
	size_t size; /* bytes of a member */
	uint64_t *members;
	uint64_t count, capacity;
};

static int by_number(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

/* False: no more. */
static bool gather(struct gathering *gathering, addr_t member)
{
	uint8_t bytes[MAX_MEMBER_BYTES];

	if (gathering->count == gathering->capacity ||
		!reader_bytes(&gathering->reader, member, bytes, gathering->size))
		return false;
	gathering->members[gathering->count++] = XXH3_64bits(bytes, gathering->size);
	return true;
}

static bool gather_key(void *context, const struct map_entry *entry)
{
	return !gather(context, entry->key);
}

static bool gather_sync_key(void *context, addr_t key)
{
	return gather(context, key);
}

/* NULL: there are too few, too many, or they are too large. */
static struct gathering *begin(
	struct taker *taker, struct gathering *gathering, uint64_t count, uint64_t size)
{
	if (count < SMALLEST || count > taker->members_left || !size || size > MAX_MEMBER_BYTES)
		return NULL;
	*gathering = (struct gathering){
		.reader = reader_over(taker->analysis->program->target),
		.size = (size_t)size,
		.members = memory_array((size_t)count, sizeof(uint64_t)),
		.capacity = count,
	};
	return gathering;
}

static void finish(struct taker *taker, struct gathering *gathering, struct collection *collection)
{
	if (gathering->reader.failed || gathering->count != collection->entries) {
		free(gathering->members);
		return;
	}
	qsort(gathering->members, gathering->count, sizeof(uint64_t), by_number);
	taker->members_left -= gathering->count;
	collection->members = gathering->members;
	collection->known = true;
}

static void add(struct taker *taker, const struct collection *collection)
{
	if (addrmap_get(&taker->census->places, collection->address, NULL)) {
		free(collection->members);
		return;
	}
	addrmap_set(
		&taker->census->places, collection->address, (uint32_t)taker->census->list.count);
	vec_push(&taker->census->list, *collection);
}

static void add_map(struct taker *taker, const struct listed_map *map)
{
	struct collection collection = {
		.kind = map->type->kind == KIND_MAP ? COLLECTION_MAP : COLLECTION_SYNC_MAP,
		.address = map->address,
		.type = map->type,
		.type_key = baseline_type_key(map->type->name),
		.entries = map->entries,
		.held_bytes = map->retained_bytes,
		.node = map->node,
	};
	struct gathering gathering;

	if (collection.kind == COLLECTION_MAP) {
		const struct go_type *key = types_at(taker->types, map->type->key);
		struct go_map go_map;

		if (key && begin(taker, &gathering, map->entries, key->size) &&
			gomap_open(taker->types, map->type, map->address, &go_map)) {
			gomap_entries(taker->types, &go_map, gather_key, &gathering);
			finish(taker, &gathering, &collection);
		}
	} else if (begin(taker, &gathering, map->entries, sync_map_key_size(map->type))) {
		sync_map_keys(taker->types, map->type, map->address, gather_sync_key, &gathering);
		finish(taker, &gathering, &collection);
	}
	add(taker, &collection);
}

static void add_slice(void *context, const struct listener_slice *slice)
{
	struct taker *taker = context;
	const struct retention *retention = taker->analysis->retention;
	struct collection collection = {
		.kind = COLLECTION_SLICE,
		.address = slice->address,
		.type_key = slice->unit,
		.entries = slice->length,
		.held_bytes = retention_retained(retention, slice->array),
		.node = slice->array,
	};
	struct gathering gathering;

	if (begin(taker, &gathering, slice->length, slice->unit)) {
		addr_t first = slice->elements;

		for (uint64_t i = 0; i < slice->length; i++) {
			if (!gather(&gathering, first + i * slice->unit))
				break;
		}
		finish(taker, &gathering, &collection);
	}
	add(taker, &collection);
}

void census_take(const struct analysis *analysis, const struct map_list *maps, struct census *ret)
{
	struct taker taker = {
		.analysis = analysis,
		.types = &analysis->typing->types,
		.census = ret,
		.members_left = MAX_MEMBERS,
	};

	*ret = (struct census){0};
	vec_foreach (map, &maps->list)
		add_map(&taker, map);
	listener_slices_each(analysis, add_slice, &taker);
}

void census_deinit(struct census *census)
{
	vec_foreach (collection, &census->list)
		free(collection->members);
	vec_deinit(&census->list);
	addrmap_deinit(&census->places);
}

void census_detach(struct census *census)
{
	vec_foreach (collection, &census->list) {
		collection->type = NULL;
		collection->node = NO_NODE;
	}
}

const struct collection *census_find(const struct census *census, const struct collection *later)
{
	uint32_t place;

	if (!addrmap_get(&census->places, later->address, &place))
		return NULL;
	const struct collection *earlier = &census->list.items[place];
	return earlier->kind == later->kind && earlier->type_key == later->type_key ? earlier
										    : NULL;
}

/* A member that is there twice has to be there twice again. */
uint64_t census_survivors(const struct collection *earlier, const struct collection *later)
{
	uint64_t survivors = 0;

	for (uint64_t i = 0, k = 0; i < earlier->entries && k < later->entries;) {
		uint64_t a = earlier->members[i], b = later->members[k];

		survivors += a == b;
		i += a <= b;
		k += b <= a;
	}
	return survivors;
}
