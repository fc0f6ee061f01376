#include "any_walk.h"

#include <string.h>
#include <xxhash.h>

#include "map_tables.h"
#include "value_text.h"

enum {
	MAX_DEPTH = 64,
	MAX_KEY = 200,      /* bytes: longer ones are data, not names */
	MAX_PLACES = 20000, /* of a schema; later keys are elements of a dictionary */
	INTERFACE_BYTES = 16,
	KINDS_OF_KEYS = 64, /* by length: told apart in one map */
};

void any_walk_init(struct any_walk *walk, const struct analysis *analysis, uint64_t limit)
{
	*walk = (struct any_walk){
		.analysis = analysis,
		.seen = memory_array(BITSET_WORDS(analysis->heap->slots), sizeof(uint64_t)),
		.values_left = limit,
	};
}

void any_walk_deinit(struct any_walk *walk)
{
	free(walk->seen);
}

static bool is_any(const struct go_type *type)
{
	return type && go_type_is_eface(type);
}

bool any_map_is(struct types *types, const struct go_type *type)
{
	if (!type || type->kind != KIND_MAP)
		return false;
	const struct go_type *key = types_at(types, type->key);

	return key && key->kind == KIND_STRING && is_any(types_at(types, type->elem));
}

static bool is_any_slice(struct types *types, const struct go_type *type)
{
	return type->kind == KIND_SLICE && is_any(types_at(types, type->elem));
}

static struct types *types_of(const struct any_walk *walk)
{
	return &walk->analysis->typing->types;
}

/* The object that an address is in, when it is met for the first time. */
static object_t first_time(struct any_walk *walk, addr_t address)
{
	object_t object = address ? heap_object_at(walk->analysis->heap, address) : NO_OBJECT;

	if (object == NO_OBJECT || bitset_has(walk->seen, object))
		return NO_OBJECT;
	bitset_add(walk->seen, object);
	return object;
}

/* Bytes of the object that an address is in; 0 when it was counted already. */
static uint64_t count_bytes(struct any_walk *walk, addr_t address)
{
	object_t object = first_time(walk, address);

	return object == NO_OBJECT ? 0 : heap_size(walk->analysis->heap, object);
}

/* Bytes from an address to the end of its object. */
static uint64_t heap_room(const struct heap *heap, addr_t address)
{
	object_t object = address ? heap_object_at(heap, address) : NO_OBJECT;

	return object == NO_OBJECT ? 0
				   : heap_address(heap, object) + heap_size(heap, object) - address;
}

static void walk_map(struct any_walk *walk, const struct go_type *type, addr_t address,
	struct any_schema *schema, unsigned depth);
static void walk_value(struct any_walk *walk, addr_t at, struct any_schema *schema, unsigned depth);

static void walk_slice(struct any_walk *walk, addr_t at, struct any_schema *schema, unsigned depth)
{
	struct reader reader = reader_over(walk->analysis->program->target);
	addr_t array = reader_u64(&reader, at);
	uint64_t length = reader_u64(&reader, at + 8);

	if (reader.failed || length > heap_room(walk->analysis->heap, array) / INTERFACE_BYTES)
		return;
	any_schema_add_slice(schema, length);
	schema->now_bytes += count_bytes(walk, at);
	object_t object = length ? first_time(walk, array) : NO_OBJECT;
	if (object == NO_OBJECT)
		return;
	schema->now_bytes += heap_size(walk->analysis->heap, object);
	for (uint64_t i = 0; i < length && walk->values_left; i++)
		walk_value(walk, array + i * INTERFACE_BYTES, any_schema_element(schema), depth);
}

/* The bytes of a string stay what they are; so does all that a pointer leads to. */
static void walk_scalar(
	struct any_walk *walk, const struct go_type *type, addr_t data, struct any_schema *schema)
{
	struct reader reader = reader_over(walk->analysis->program->target);
	const struct analysis *analysis = walk->analysis;

	schema->several |= schema->scalars && schema->scalar != type;
	if (!schema->scalars++)
		schema->scalar = type;
	if (!type)
		return;
	if (!type->direct)
		schema->now_bytes += count_bytes(walk, data);
	if (type->kind == KIND_STRING)
		schema->data_bytes += count_bytes(walk, reader_u64(&reader, data));
	object_t object = type->direct ? first_time(walk, data) : NO_OBJECT;
	if (object != NO_OBJECT)
		schema->data_bytes += retention_retained(
			analysis->retention, node_of_object(analysis->objects, object));
}

/* An interface: its type, and the value or where that is. */
static void walk_value(struct any_walk *walk, addr_t at, struct any_schema *schema, unsigned depth)
{
	struct reader reader = reader_over(walk->analysis->program->target);
	struct types *types = types_of(walk);
	uint64_t word = reader_u64(&reader, at), data = reader_u64(&reader, at + 8);

	walk->values_left -= walk->values_left > 0;
	schema->values++;
	if (!word) {
		schema->nulls++;
		return;
	}
	const struct go_type *type = types_of_interface(types, word);
	if (type && depth < MAX_DEPTH && any_map_is(types, type))
		walk_map(walk, type, data, schema, depth + 1);
	else if (type && depth < MAX_DEPTH && is_any_slice(types, type))
		walk_slice(walk, data, schema, depth + 1);
	else
		walk_scalar(walk, type, data, schema);
}

struct entry_walk {
	struct any_walk *walk;
	struct any_schema *schema;
	unsigned depth;
	unsigned of_length[KINDS_OF_KEYS]; /* keys without names */
};

/* What tells a key without a name from others of its map. */
static uint64_t hash_unnamed(struct entry_walk *entries, addr_t key, addr_t elem)
{
	struct reader reader = reader_over(entries->walk->analysis->program->target);
	uint64_t length = reader_u64(&reader, key + 8);
	uint64_t words[] = {
		length, reader_u64(&reader, elem), entries->of_length[length % KINDS_OF_KEYS]++};

	entries->walk->unnamed++;
	return XXH3_64bits(words, sizeof(words));
}

static struct any_schema *place_of(
	struct any_walk *walk, struct any_schema *schema, uint64_t hash, const char *key)
{
	size_t before = schema->fields.count;

	if (walk->places >= MAX_PLACES)
		return any_schema_element(schema);
	struct any_schema *place = any_schema_field(schema, hash, key);
	walk->places += schema->fields.count - before;
	return place;
}

static bool walk_entry(void *context, const struct map_entry *entry)
{
	struct entry_walk *entries = context;
	struct any_walk *walk = entries->walk;
	struct any_schema *schema = entries->schema;
	struct reader reader = reader_over(walk->analysis->program->target);
	_cleanup_free_ char *key = value_text_string(types_of(walk), entry->key, MAX_KEY);
	uint64_t hash = key ? XXH3_64bits(key, strlen(key))
			    : hash_unnamed(entries, entry->key, entry->elem);

	schema->entries++;
	schema->now_bytes += count_bytes(walk, reader_u64(&reader, entry->key));
	walk_value(walk, entry->elem, place_of(walk, schema, hash, key), entries->depth);
	return !walk->values_left;
}

static void walk_map(struct any_walk *walk, const struct go_type *type, addr_t address,
	struct any_schema *schema, unsigned depth)
{
	struct entry_walk entries = {.walk = walk, .schema = schema, .depth = depth};
	struct map_tables tables;
	struct go_map map;

	schema->maps++;
	object_t header = first_time(walk, address);
	if (header == NO_OBJECT || !gomap_open(types_of(walk), type, address, &map) ||
		!map_tables_read(types_of(walk), walk->analysis->heap, &map, &tables))
		return;
	schema->now_bytes += heap_size(walk->analysis->heap, header) + tables.bytes;
	gomap_entries(types_of(walk), &map, walk_entry, &entries);
}

void any_walk_tree(struct any_walk *walk, const struct go_type *type, addr_t address,
	struct any_schema *schema)
{
	schema->values++;
	walk_map(walk, type, address, schema, 0);
}
