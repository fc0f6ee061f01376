#include "static_values.h"

#include "gotype.h"

enum {
	MAX_VALUES = 1 << 16, /* that are looked at */
	MAX_ELEMENTS = 256,   /* of a slice or array */
	MAX_DEPTH = 16,
};

/* A value of a known type in data or bss. */
struct static_value {
	addr_t address;
	die_t type;
	char *name;
	unsigned depth;
};

struct finder {
	const struct goruntime *runtime;
	struct debuginfo *debuginfo;
	VEC(struct static_value) pending;
	struct addrmap seen; /* addresses of those that were added */
	VEC(struct variable) found;
	unsigned values;
};

static bool in_data(const struct finder *finder, addr_t address)
{
	vec_foreach (module, &finder->runtime->modules.list) {
		if ((module->data <= address && address < module->edata) ||
			(module->bss <= address && address < module->ebss))
			return true;
	}
	return false;
}

/* Takes over the name. */
static void look_later(
	struct finder *finder, addr_t address, die_t type, char *name, unsigned depth)
{
	if (depth > MAX_DEPTH || finder->values >= MAX_VALUES) {
		free(name);
		return;
	}
	finder->values++;
	vec_push(&finder->pending, {address, type, name, depth});
}

/* What a pointer or slice leads to, `count` values of a type. */
static void add_target(struct finder *finder, const struct static_value *from, addr_t to,
	die_t type, uint64_t size, uint64_t count)
{
	if (!size || !count || !in_data(finder, to) || addrmap_get(&finder->seen, to, NULL) ||
		debuginfo_variable(finder->debuginfo, to))
		return;
	addrmap_set(&finder->seen, to, 1);
	vec_push(&finder->found, {.address = to,
					 .size = size * count,
					 .name = debuginfo_keep_name(finder->debuginfo, from->name),
					 .type = count == 1 ? type : 0,
					 .pointee = true});
	for (uint64_t i = 0; i < count; i++)
		look_later(finder, to + i * size, type, memory_string(from->name), from->depth + 1);
}

static uint64_t size_of(const struct finder *finder, die_t type)
{
	struct die_type read;

	if (!debuginfo_type(finder->debuginfo, type, &read))
		return 0;
	uint64_t size = read.size;
	die_type_deinit(&read);
	return size;
}

static void look_at_fields(
	struct finder *finder, const struct static_value *value, const struct die_type *type)
{
	vec_foreach (field, &type->fields)
		look_later(finder, value->address + field->offset, field->type,
			memory_format("%s.%s", value->name, field->name), value->depth + 1);
}

static void look_at_elements(
	struct finder *finder, const struct static_value *value, const struct die_type *type)
{
	uint64_t size = size_of(finder, type->elem);

	for (uint64_t i = 0; size && i < MIN(type->length, (uint64_t)MAX_ELEMENTS); i++)
		look_later(finder, value->address + i * size, type->elem,
			memory_format("%s[]", value->name), value->depth + 1);
}

static void look_at(struct finder *finder, const struct static_value *value)
{
	struct reader reader = reader_over(finder->runtime->target);
	struct die_type type;

	if (!debuginfo_type(finder->debuginfo, value->type, &type))
		return;
	addr_t to = type.kind == KIND_POINTER || type.kind == KIND_SLICE
			    ? reader_u64(&reader, value->address)
			    : 0;

	if (type.kind == KIND_POINTER)
		add_target(finder, value, to, type.elem, size_of(finder, type.elem), 1);
	if (type.kind == KIND_SLICE)
		add_target(finder, value, to, type.elem, size_of(finder, type.elem),
			MIN(reader_u64(&reader, value->address + 16), (uint64_t)MAX_ELEMENTS));
	if (type.kind == KIND_STRUCT)
		look_at_fields(finder, value, &type);
	if (type.kind == KIND_ARRAY)
		look_at_elements(finder, value, &type);
	die_type_deinit(&type);
}

void static_values_add(const struct goruntime *runtime, struct debuginfo *debuginfo)
{
	struct finder finder = {.runtime = runtime, .debuginfo = debuginfo};

	vec_foreach (variable, &debuginfo->variables) {
		if (in_data(&finder, variable->address))
			look_later(&finder, variable->address, variable->type,
				memory_string(variable->name), 0);
	}
	while (finder.pending.count) {
		struct static_value value = vec_pop(&finder.pending);

		look_at(&finder, &value);
		free(value.name);
	}
	debuginfo_add_variables(debuginfo, finder.found.items, finder.found.count);
	vec_deinit(&finder.pending);
	vec_deinit(&finder.found);
	addrmap_deinit(&finder.seen);
}
