#include "any_schema.h"

#include <string.h>

#include "mspan.h"

enum {
	MAX_FIELDS = 200,     /* of a struct; maps with more keys are dictionaries */
	MAX_KEYS = 256,       /* that are told apart at one place before they become one */
	FILL_PARTS = 4,       /* a struct has a quarter of its fields in a map, on average */
	FEW_MAPS = 4,         /* so few maps do not tell by themselves which keys come again */
	DICTIONARY_KEYS = 16, /* but so many keys with the same kind of map behind each do */
	INTERFACE_BYTES = 16,
	SLICE_BYTES = 24,
	POINTER_BYTES = 8,
};

struct any_schema *any_schema_create(const char *key)
{
	struct any_schema *schema = memory_alloc(sizeof(*schema));

	schema->key = memory_string(key);
	return schema;
}

void any_schema_destroy(struct any_schema *schema)
{
	if (!schema)
		return;
	vec_foreach (field, &schema->fields)
		any_schema_destroy(*field);
	vec_deinit(&schema->fields);
	addrmap_deinit(&schema->field_of);
	addrmap_deinit(&schema->lengths);
	any_schema_destroy(schema->element);
	free(schema->key);
	free(schema);
}

struct any_schema *any_schema_element(struct any_schema *schema)
{
	if (!schema->element)
		schema->element = any_schema_create("");
	return schema->element;
}

struct any_schema *any_schema_field(struct any_schema *schema, uint64_t hash, const char *key)
{
	uint32_t place;

	if (addrmap_get(&schema->field_of, hash | 1, &place))
		return schema->fields.items[place];
	if (schema->fields.count >= MAX_KEYS)
		return any_schema_element(schema);
	addrmap_set(&schema->field_of, hash | 1, (uint32_t)schema->fields.count);
	vec_push(&schema->fields, any_schema_create(key ? key : ""));
	return *vec_last(&schema->fields);
}

static void add_lengths(struct any_schema *schema, addr_t length_and_one, uint32_t count)
{
	uint32_t before = 0;

	addrmap_get(&schema->lengths, length_and_one, &before);
	addrmap_set(&schema->lengths, length_and_one, before + count);
}

void any_schema_add_slice(struct any_schema *schema, uint64_t length)
{
	schema->slices++;
	add_lengths(schema, length + 1, 1);
}

static void merge_scalars(struct any_schema *into, const struct any_schema *from)
{
	into->several |=
		from->several || (into->scalars && from->scalars && into->scalar != from->scalar);
	if (!into->scalars)
		into->scalar = from->scalar;
	into->scalars += from->scalars;
}

static void merge_fields(struct any_schema *into, struct any_schema *from)
{
	for (size_t i = 0; i < from->field_of.capacity; i++) {
		uint64_t hash = from->field_of.keys[i];

		if (!hash)
			continue;
		struct any_schema **field = &from->fields.items[from->field_of.values[i]];

		any_schema_merge(any_schema_field(into, hash, (*field)->key), *field);
		*field = NULL;
	}
}

void any_schema_merge(struct any_schema *into, struct any_schema *from)
{
	merge_scalars(into, from);
	into->values += from->values;
	into->nulls += from->nulls;
	into->maps += from->maps;
	into->slices += from->slices;
	into->entries += from->entries;
	into->now_bytes += from->now_bytes;
	into->data_bytes += from->data_bytes;
	merge_fields(into, from);
	for (size_t i = 0; i < from->lengths.capacity; i++) {
		if (from->lengths.keys[i])
			add_lengths(into, from->lengths.keys[i], from->lengths.values[i]);
	}
	if (from->element) {
		any_schema_merge(any_schema_element(into), from->element);
		from->element = NULL;
	}
	any_schema_destroy(from);
}

/* Has each of its keys the same kind of map behind it? */
static bool has_only_maps(const struct any_schema *schema)
{
	vec_foreach (field, &schema->fields) {
		if (!(*field)->maps || (*field)->scalars || (*field)->slices)
			return false;
	}
	return true;
}

static bool is_dictionary(const struct any_schema *schema)
{
	if (schema->fields.count > MAX_FIELDS || (schema->maps && schema->element))
		return true;
	if (schema->maps < FEW_MAPS)
		return schema->fields.count >= DICTIONARY_KEYS && has_only_maps(schema);
	return schema->entries * FILL_PARTS < schema->fields.count * schema->maps;
}

static enum any_kind kind_of(const struct any_schema *schema)
{
	unsigned kinds = !!schema->maps + !!schema->slices + !!schema->scalars + schema->several;

	if (!kinds)
		return ANY_NULL;
	if (kinds > 1)
		return ANY_MIXED;
	if (schema->slices)
		return ANY_SLICE;
	if (schema->scalars)
		return schema->scalar ? ANY_SCALAR : ANY_MIXED;
	return is_dictionary(schema) ? ANY_DICTIONARY : ANY_STRUCT;
}

/* The values of all keys become one place. */
static void make_dictionary(struct any_schema *schema)
{
	struct any_schema *element = any_schema_element(schema);

	vec_foreach (field, &schema->fields)
		any_schema_merge(element, *field);
	vec_deinit(&schema->fields);
	addrmap_deinit(&schema->field_of);
	schema->field_of = (struct addrmap){0};
}

static int by_key(const void *left, const void *right)
{
	const struct any_schema *const *a = left, *const *b = right;

	return strcmp((*a)->key, (*b)->key);
}

bool any_schema_is_optional(const struct any_schema *field, const struct any_schema *above)
{
	return above->kind == ANY_STRUCT && field->values < above->maps;
}

/* A type of which nil says that there is none. */
static bool is_nilable(const struct go_type *type)
{
	switch (type->kind) {
	case KIND_POINTER:
	case KIND_MAP:
	case KIND_SLICE:
	case KIND_CHAN:
	case KIND_FUNC:
	case KIND_INTERFACE:
	case KIND_UNSAFE_POINTER:
		return true;
	default:
		return false;
	}
}

bool any_schema_is_pointer(const struct any_schema *field, const struct any_schema *above)
{
	bool missing = field->nulls || any_schema_is_optional(field, above);

	switch (field->kind) {
	case ANY_SCALAR:
		return missing && !is_nilable(field->scalar);
	case ANY_STRUCT:
		return missing || above->kind == ANY_DICTIONARY;
	default:
		return false;
	}
}

static uint64_t field_bytes(const struct any_schema *field, const struct any_schema *above)
{
	if (any_schema_is_pointer(field, above))
		return POINTER_BYTES;
	switch (field->kind) {
	case ANY_SCALAR:
		return field->scalar->size;
	case ANY_STRUCT:
		return field->struct_bytes;
	case ANY_DICTIONARY:
		return POINTER_BYTES;
	case ANY_SLICE:
		return SLICE_BYTES;
	default:
		return INTERFACE_BYTES;
	}
}

static uint64_t struct_bytes(const struct any_schema *schema)
{
	uint64_t bytes = 0;

	vec_foreach (field, &schema->fields) {
		uint64_t size = field_bytes(*field, schema);
		uint64_t align = size && size < POINTER_BYTES ? size & -size : POINTER_BYTES;

		bytes = (bytes + align - 1) / align * align + size;
	}
	return (bytes + POINTER_BYTES - 1) / POINTER_BYTES * POINTER_BYTES;
}

void any_schema_finish(struct any_schema *schema)
{
	schema->kind = kind_of(schema);
	if (schema->kind == ANY_DICTIONARY)
		make_dictionary(schema);
	vec_foreach (field, &schema->fields)
		any_schema_finish(*field);
	if (schema->element)
		any_schema_finish(schema->element);
	if (schema->fields.count)
		qsort(schema->fields.items, schema->fields.count, sizeof(schema->fields.items[0]),
			by_key);
	schema->struct_bytes = struct_bytes(schema);
}

uint64_t any_schema_now_bytes(const struct any_schema *schema)
{
	uint64_t bytes = schema->now_bytes;

	vec_foreach (field, &schema->fields)
		bytes += any_schema_now_bytes(*field);
	return bytes + (schema->element ? any_schema_now_bytes(schema->element) : 0);
}

uint64_t any_schema_all_bytes(const struct any_schema *schema)
{
	uint64_t bytes = schema->now_bytes + schema->data_bytes;

	vec_foreach (field, &schema->fields)
		bytes += any_schema_all_bytes(*field);
	return bytes + (schema->element ? any_schema_all_bytes(schema->element) : 0);
}

/* Arrays of slices, as long as they are. */
static uint64_t array_bytes(const struct layout *layout, const struct any_schema *schema)
{
	uint64_t element = schema->element ? field_bytes(schema->element, schema) : 0, bytes = 0;

	for (size_t i = 0; i < schema->lengths.capacity; i++) {
		uint64_t length = schema->lengths.keys[i] ? schema->lengths.keys[i] - 1 : 0;

		if (length && element)
			bytes += schema->lengths.values[i] *
				 slot_size_round(layout, length * element, true);
	}
	return bytes;
}

/* What values at a place have in memory of their own, outside of the struct that they are in. */
static uint64_t outside_bytes(const struct layout *layout, const struct any_schema *schema,
	const struct any_schema *above)
{
	uint64_t bytes = 0;

	if (schema->kind == ANY_MIXED)
		return any_schema_now_bytes(schema);
	if (schema->kind == ANY_DICTIONARY)
		bytes += schema->now_bytes;
	if (schema->kind == ANY_SLICE)
		bytes += array_bytes(layout, schema);
	if (schema->kind == ANY_SCALAR && above && any_schema_is_pointer(schema, above))
		bytes += schema->scalars * slot_size_round(layout, schema->scalar->size, true);
	if (schema->kind == ANY_STRUCT && (!above || any_schema_is_pointer(schema, above)))
		bytes += schema->maps * slot_size_round(layout, schema->struct_bytes, true);
	vec_foreach (field, &schema->fields)
		bytes += outside_bytes(layout, *field, schema);
	return bytes + (schema->element ? outside_bytes(layout, schema->element, schema) : 0);
}

uint64_t any_schema_struct_bytes(const struct layout *layout, const struct any_schema *schema)
{
	return outside_bytes(layout, schema, NULL);
}

static const struct any_schema *larger(
	const struct any_schema *left, const struct any_schema *right)
{
	return !left || (right && right->now_bytes > left->now_bytes) ? right : left;
}

const struct any_schema *any_schema_largest_struct(const struct any_schema *schema)
{
	const struct any_schema *best = schema->kind == ANY_STRUCT ? schema : NULL;

	vec_foreach (field, &schema->fields)
		best = larger(best, any_schema_largest_struct(*field));
	return schema->element ? larger(best, any_schema_largest_struct(schema->element)) : best;
}
