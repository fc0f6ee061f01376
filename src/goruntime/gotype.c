#include "gotype.h"

#include <string.h>

#include "bytes.h"

enum {
	TYPE_SIZE = 48,
	EXTRA_SIZE = 96, /* what any kind has behind that, at most */
	NOT_A_TYPE = UINT32_MAX,
	MAX_NAME = 4096,
	MAX_FIELDS = 1 << 16,
	FIELD_SIZE = 24, /* abi.StructField: name, type, offset */
	MAP_INDIRECT_KEY_OLD = 1,
	MAP_INDIRECT_ELEM_OLD = 2,
	MAP_INDIRECT_KEY = 4,
	MAP_INDIRECT_ELEM = 8,
	ITAB_TYPE = 8,
	ITAB_HASH = 16,
	NAME_FLAG_EMBEDDED = 8,
};

void types_init(struct types *types, const struct goruntime *runtime)
{
	pthread_mutexattr_t recursive;

	*types = (struct types){.runtime = runtime};
	pthread_mutexattr_init(&recursive);
	pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&types->lock, &recursive);
	pthread_mutexattr_destroy(&recursive);
}

static void type_destroy(struct go_type *type)
{
	for (uint32_t i = 0; i < type->field_count; i++)
		free((char *)(uintptr_t)type->fields[i].name);
	free(type->fields);
	free((char *)(uintptr_t)type->name);
	free(type);
}

void types_deinit(struct types *types)
{
	vec_foreach (type, &types->list)
		type_destroy(*type);
	vec_deinit(&types->list);
	addrmap_deinit(&types->index);
	shared_map_deinit(&types->answers);
	pthread_mutex_destroy(&types->lock);
}

bool types_in_section(const struct types *types, addr_t address)
{
	return modules_of_type(&types->runtime->modules, address) != NULL;
}

/* abi.Name: flags, length as a uvarint, bytes. NULL when it is not one. */
static char *read_name(struct reader *reader, addr_t at, bool *ret_embedded)
{
	uint8_t head[6] = {0};
	uint64_t length = 0;
	unsigned used = 1;

	for (unsigned i = 0; i < 4; i++)
		head[i] = reader_u8(reader, at + i);
	for (unsigned shift = 0;; shift += 7, used++) {
		length |= (uint64_t)(head[used] & 0x7f) << shift;
		if (head[used] < 0x80 || used == 3)
			break;
	}
	if (reader->failed || length > MAX_NAME)
		return NULL;
	char *name = memory_alloc(length + 1);

	if (!reader_bytes(reader, at + used + 1, name, length) || strlen(name) != length) {
		free(name);
		return NULL;
	}
	if (ret_embedded)
		*ret_embedded = head[0] & NAME_FLAG_EMBEDDED;
	return name;
}

/* The string form of a type. Those that reflection made have no module; their names are in a map of
 * package reflect, which is not read. */
static char *read_type_name(
	const struct types *types, struct reader *reader, addr_t at, int32_t offset, uint8_t tflag)
{
	const struct module *module = modules_of_type(&types->runtime->modules, at);

	if (!module)
		return memory_format("reflect.type(0x%" PRIaddr ")", (unsigned long long)at);
	if (offset <= 0 || (uint64_t)offset >= module->etypes - module->types)
		return NULL;
	char *name = read_name(reader, module->types + (uint64_t)offset, NULL);
	if (name && tflag & TFLAG_EXTRA_STAR && name[0] == '*')
		memmove(name, name + 1, strlen(name));
	if (name && !name[0]) {
		free(name);
		return NULL;
	}
	return name;
}

/* The names of fields of types that reflection made are in memory that captures leave out. */
static char *read_field_name(
	const struct types *types, addr_t at, uint64_t number, bool *ret_embedded)
{
	struct reader reader = reader_over(types->runtime->target);
	char *name = read_name(&reader, at, ret_embedded);

	if (!name && !types_in_section(types, at))
		name = memory_format("field%llu", (unsigned long long)number);
	return name;
}

static bool read_fields(
	const struct types *types, struct reader *reader, struct go_type *type, addr_t at)
{
	addr_t array = reader_u64(reader, at + 56);
	uint64_t count = reader_u64(reader, at + 64);

	if (reader->failed || count > MAX_FIELDS)
		return false;
	type->fields = memory_array(count, sizeof(*type->fields));
	for (uint64_t i = 0; i < count; i++) {
		struct go_field *field = &type->fields[i];
		addr_t entry = array + i * FIELD_SIZE;

		field->name =
			read_field_name(types, reader_u64(reader, entry), i, &field->embedded);
		field->type = reader_u64(reader, entry + 8);
		field->offset = reader_u64(reader, entry + 16);
		type->field_count++;
		if (!field->name || reader->failed || field->offset > type->size)
			return false;
	}
	return true;
}

static bool read_map(
	const struct types *types, struct reader *reader, struct go_type *type, addr_t at)
{
	const struct layout *layout = &types->runtime->layout;
	struct go_map_shape *map = &type->map;

	if (!layout->features.swiss_maps) {
		uint32_t flags = (uint32_t)read_field(reader, at, layout->hmap_type.flags);
		uint64_t key_size = read_field(reader, at, layout->hmap_type.keysize);

		type->key = read_field(reader, at, layout->hmap_type.key);
		type->elem = read_field(reader, at, layout->hmap_type.elem);
		*map = (struct go_map_shape){
			.group = read_field(reader, at, layout->hmap_type.bucket),
			.group_size = read_field(reader, at, layout->hmap_type.bucketsize),
			.key_at = GROUP_SLOTS, /* behind tophash */
			.key_stride = key_size,
			.elem_at = GROUP_SLOTS + GROUP_SLOTS * key_size,
			.elem_stride = read_field(reader, at, layout->hmap_type.elemsize),
			.key_indirect = flags & MAP_INDIRECT_KEY_OLD,
			.elem_indirect = flags & MAP_INDIRECT_ELEM_OLD,
		};
		return !reader->failed && map->group_size >= GROUP_SLOTS;
	}
	uint32_t flags = (uint32_t)read_field(reader, at, layout->swiss_type.flags);

	type->key = read_field(reader, at, layout->swiss_type.key);
	type->elem = read_field(reader, at, layout->swiss_type.elem);
	map->group = read_field(reader, at, layout->swiss_type.group);
	map->group_size = read_field(reader, at, layout->swiss_type.group_size);
	map->key_indirect = flags & MAP_INDIRECT_KEY;
	map->elem_indirect = flags & MAP_INDIRECT_ELEM;
	if (field_present(layout->swiss_type.keys_off)) {
		map->key_at = read_field(reader, at, layout->swiss_type.keys_off);
		map->key_stride = read_field(reader, at, layout->swiss_type.key_stride);
		map->elem_at = read_field(reader, at, layout->swiss_type.elems_off);
		map->elem_stride = read_field(reader, at, layout->swiss_type.elem_stride);
	} else {
		uint64_t slot_size = read_field(reader, at, layout->swiss_type.slot_size);

		map->key_at = GROUP_SLOTS; /* behind the control bytes */
		map->key_stride = map->elem_stride = slot_size;
		map->elem_at = GROUP_SLOTS + read_field(reader, at, layout->swiss_type.elem_off);
	}
	return !reader->failed && map->group_size >= GROUP_SLOTS &&
	       map->group_size <= UINT16_MAX * 8u && map->key_at < map->group_size &&
	       map->elem_at <= map->group_size;
}

static bool read_kind(
	const struct types *types, struct reader *reader, struct go_type *type, addr_t at)
{
	switch (type->kind) {
	case KIND_ARRAY:
		type->elem = reader_u64(reader, at + 48);
		type->length = reader_u64(reader, at + 64);
		break;
	case KIND_CHAN:
	case KIND_POINTER:
	case KIND_SLICE:
		type->elem = reader_u64(reader, at + 48);
		break;
	case KIND_INTERFACE:
		type->method_count = (uint32_t)reader_u64(reader, at + 64);
		break;
	case KIND_MAP:
		return read_map(types, reader, type, at);
	case KIND_STRUCT:
		return read_fields(types, reader, type, at);
	default:
		break;
	}
	return !reader->failed;
}

/* Bytes that a value of a kind has, 0: it depends. */
static uint64_t size_of_kind(enum go_kind kind)
{
	switch (kind) {
	case KIND_BOOL:
	case KIND_INT8:
	case KIND_UINT8:
		return 1;
	case KIND_INT16:
	case KIND_UINT16:
		return 2;
	case KIND_INT32:
	case KIND_UINT32:
	case KIND_FLOAT32:
		return 4;
	case KIND_STRING:
	case KIND_INTERFACE:
	case KIND_COMPLEX128:
		return 16;
	case KIND_SLICE:
		return 24;
	case KIND_ARRAY:
	case KIND_STRUCT:
		return 0;
	default:
		return 8;
	}
}

static struct go_type *read_type(struct types *types, type_ref at)
{
	const struct layout *layout = &types->runtime->layout;
	struct reader reader = reader_over(types->runtime->target);
	uint8_t bytes[TYPE_SIZE];

	if (at % 8 || !reader_bytes(&reader, at, bytes, sizeof(bytes)))
		return NULL;
	struct go_type *type = memory_alloc(sizeof(*type));
	*type = (struct go_type){
		.ref = at,
		.size = load_u64(bytes),
		.pointer_bytes = load_u64(bytes + 8),
		.tflag = bytes[20],
		.kind = bytes[23] & KIND_BITS,
		.named = bytes[20] & TFLAG_NAMED,
		.direct = layout->features.direct_in_tflag ? bytes[20] & TFLAG_DIRECT
							   : bytes[23] & KIND_BIT_DIRECT,
		.gcdata = load_u64(bytes + 32),
	};
	uint64_t size = size_of_kind(type->kind);

	if (type->kind == KIND_INVALID || type->kind >= KIND_COUNT ||
		(size && size != type->size) || type->pointer_bytes > type->size ||
		type->pointer_bytes % 8 || type->tflag >= 64)
		goto not_a_type;
	type->name = read_type_name(types, &reader, at, (int32_t)load_u32(bytes + 40), type->tflag);
	if (!type->name || !read_kind(types, &reader, type, at))
		goto not_a_type;
	return type;

not_a_type:
	type_destroy(type);
	return NULL;
}

static void keep(struct types *types, type_ref ref, struct go_type *type)
{
	type->ref = ref;
	type->number = (uint32_t)types->list.count;
	addrmap_set(&types->index, ref, type->number);
	vec_push(&types->list, type);
}

static const struct go_type *look_up(struct types *types, type_ref ref)
{
	uint32_t place;

	if (addrmap_get(&types->index, ref, &place))
		return place == NOT_A_TYPE ? NULL : types->list.items[place];
	struct go_type *type = NULL;
	if (ref & TYPE_FROM_DWARF) {
		const struct go_type *resolved =
			types->resolve ? types->resolve(types, types->resolve_context, ref) : NULL;

		if (resolved)
			return resolved;
	} else {
		type = read_type(types, ref);
	}
	if (type)
		keep(types, ref, type);
	else
		addrmap_set(&types->index, ref, NOT_A_TYPE);
	return type;
}

/* A type that is asked for while another one is read may itself be read just now: others are told
 * of it when it is asked for again. */
const struct go_type *types_at(struct types *types, type_ref ref)
{
	const void *answer;

	if (shared_map_get(&types->answers, ref, &answer))
		return answer;
	if (!ref)
		return NULL;
	pthread_mutex_lock(&types->lock);
	types->depth++;
	const struct go_type *type = look_up(types, ref);
	if (--types->depth == 0)
		shared_map_set(&types->answers, ref, type);
	pthread_mutex_unlock(&types->lock);
	return type;
}

void types_add(struct types *types, type_ref ref, struct go_type *type)
{
	pthread_mutex_lock(&types->lock);
	keep(types, ref, type);
	if (types->depth == 0)
		shared_map_set(&types->answers, ref, type);
	pthread_mutex_unlock(&types->lock);
}

void types_alias(struct types *types, type_ref ref, const struct go_type *type)
{
	pthread_mutex_lock(&types->lock);
	addrmap_set(&types->index, ref, type->number);
	pthread_mutex_unlock(&types->lock);
}

/* A quick look at 48 bytes, before anything is read and kept. */
static bool may_be_type(const uint8_t *bytes)
{
	enum go_kind kind = bytes[23] & KIND_BITS;
	uint64_t size = load_u64(bytes), pointer_bytes = load_u64(bytes + 8);

	return kind != KIND_INVALID && kind < KIND_COUNT && bytes[20] < 64 &&
	       (size_of_kind(kind) == 0 || size_of_kind(kind) == size) && pointer_bytes <= size &&
	       pointer_bytes % 8 == 0 && size < (uint64_t)1 << 40 && load_u32(bytes + 16) &&
	       (int32_t)load_u32(bytes + 40) > 0 && bytes[21] && bytes[21] <= 8 &&
	       (bytes[21] & (bytes[21] - 1)) == 0 && bytes[22] <= 8;
}

bool types_each(struct types *types, bool (*visit)(const struct go_type *type, void *context),
	void *context)
{
	vec_foreach (module, &types->runtime->modules.list) {
		size_t length = (size_t)(module->etypes - module->types);
		_cleanup_free_ uint8_t *copy = NULL;
		const uint8_t *bytes = target_view(types->runtime->target, module->types, length);

		if (!bytes) {
			bytes = copy = memory_alloc(length);
			target_read_present(types->runtime->target, module->types, copy, length);
		}
		for (size_t at = 0; at + TYPE_SIZE <= length; at += 8) {
			if (!may_be_type(bytes + at))
				continue;
			const struct go_type *type = types_at(types, module->types + at);

			if (type && visit(type, context))
				return true;
		}
	}
	return false;
}

struct name_query {
	const char *name;
	const struct go_type *found;
};

static bool visit_name(const struct go_type *type, void *context)
{
	struct name_query *query = context;

	if (strcmp(type->name, query->name) != 0)
		return false;
	query->found = type;
	return true;
}

const struct go_type *types_find(struct types *types, const char *name)
{
	struct name_query query = {.name = name};

	types_each(types, visit_name, &query);
	return query.found;
}

/* abi.ITab: inter, type, hash, fun[]. Most are in the program's data, some were made at run time.
 */
static const struct go_type *type_of_itab(struct types *types, addr_t itab)
{
	struct reader reader = reader_over(types->runtime->target);
	addr_t interface_at = reader_u64(&reader, itab);

	if (!types_in_section(types, interface_at))
		return NULL; /* most words end here, and leave no trace in the index */
	const struct go_type *interface = types_at(types, interface_at);
	if (!interface || interface->kind != KIND_INTERFACE)
		return NULL;
	addr_t at = reader_u64(&reader, itab + ITAB_TYPE);
	uint32_t hash = reader_u32(&reader, itab + ITAB_HASH);
	const struct go_type *type = types_at(types, at);

	if (!type || reader.failed || hash != reader_u32(&reader, at + 16))
		return NULL;
	return type;
}

const struct go_type *types_of_interface(struct types *types, addr_t word)
{
	if (!word || word % 8)
		return NULL;
	if (types_in_section(types, word)) {
		const struct go_type *type = types_at(types, word);

		if (type)
			return type;
	}
	return type_of_itab(types, word);
}
