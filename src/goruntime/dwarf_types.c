#include "dwarf_types.h"

enum { MAX_DEPTH = 64 }; /* of values in values, each of which is resolved within the other */

static uint64_t pointer_bytes_of_fields(struct types *types, const struct go_type *type)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < type->field_count; i++) {
		const struct go_type *field = types_at(types, type->fields[i].type);

		if (field && field->pointer_bytes)
			bytes = MAX(bytes, type->fields[i].offset + field->pointer_bytes);
	}
	return bytes;
}

/* The prefix of a type that holds pointers; types with descriptors say it themselves. Those that it
 * is made of are resolved by being asked for, and know theirs then. */
static uint64_t pointer_bytes(struct types *types, const struct go_type *type)
{
	switch (type->kind) {
	case KIND_ARRAY: {
		const struct go_type *elem = types_at(types, type->elem);
		uint64_t inside = elem && type->length ? elem->pointer_bytes : 0;

		return inside ? (type->length - 1) * elem->size + inside : 0;
	}
	case KIND_STRUCT:
		return pointer_bytes_of_fields(types, type);
	case KIND_INTERFACE:
		return 16;
	case KIND_CHAN:
	case KIND_FUNC:
	case KIND_MAP:
	case KIND_POINTER:
	case KIND_SLICE:
	case KIND_STRING:
	case KIND_UNSAFE_POINTER:
		return 8;
	default:
		return 0;
	}
}

static struct go_type *make_type(const struct die_type *from)
{
	struct go_type *type = memory_alloc(sizeof(*type));

	*type = (struct go_type){
		.name = memory_string(from->name[0] ? from->name : "?"),
		.size = from->size,
		.kind = from->kind < KIND_COUNT ? from->kind : KIND_INVALID,
		.named = true,
		.elem = dwarf_types_ref(from->elem),
		.key = dwarf_types_ref(from->key),
		.length = from->length,
	};
	if (type->kind == KIND_POINTER && !type->elem)
		type->kind = KIND_UNSAFE_POINTER;
	if (type->kind != KIND_STRUCT)
		return type;
	type->field_count = (uint32_t)from->fields.count;
	type->fields = memory_array(from->fields.count, sizeof(*type->fields));
	for (size_t i = 0; i < from->fields.count; i++) {
		const struct die_field *field = &from->fields.items[i];

		type->fields[i] = (struct go_field){
			.name = memory_string(field->name),
			.type = dwarf_types_ref(field->type),
			.offset = field->offset,
			.embedded = field->embedded,
		};
	}
	return type;
}

/* The descriptor, when there is one that agrees in size and kind. */
static const struct go_type *descriptor(struct types *types, const struct die_type *from)
{
	const struct module *program = &types->runtime->modules.list.items[0];

	if (!from->runtime_type || from->runtime_type >= program->etypes - program->types)
		return NULL;
	const struct go_type *type = types_at(types, program->types + from->runtime_type);

	return type && type->size == from->size && (!from->kind || type->kind == from->kind) ? type
											     : NULL;
}

static const struct go_type *resolve(struct types *types, void *context, type_ref ref)
{
	const struct debuginfo *debuginfo = context;
	struct die_type from;

	if (types->depth > MAX_DEPTH || !debuginfo_type(debuginfo, ref & ~TYPE_FROM_DWARF, &from))
		return NULL;
	const struct go_type *type = descriptor(types, &from);
	if (type) {
		types_alias(types, ref, type);
	} else {
		struct go_type *made = make_type(&from);

		types_add(types, ref, made);
		made->pointer_bytes = MIN(pointer_bytes(types, made), made->size);
		type = made;
	}
	die_type_deinit(&from);
	return type;
}

void dwarf_types_attach(struct types *types, const struct debuginfo *debuginfo)
{
	types->resolve = resolve;
	types->resolve_context = (void *)(uintptr_t)debuginfo;
}
