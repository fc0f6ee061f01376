#include "value_fields.h"

enum {
	MAX_DEPTH = 16,
	MAX_ELEMENTS = 64, /* of an array in a value */
};

struct field_walk {
	const struct analysis *analysis;
	struct types *types;
	struct reader reader;
	addr_t address; /* of the whole value */
	node_t owner;
	value_field_fn *visit;
	void *context;
};

static void visit_word(struct field_walk *walk, addr_t at, const struct go_type *field,
	const struct go_type *target, addr_t to)
{
	const struct analysis *analysis = walk->analysis;
	object_t object =
		to && !walk->reader.failed ? heap_object_at(analysis->heap, to) : NO_OBJECT;

	if (object == NO_OBJECT)
		return;
	node_t node = node_of_object(analysis->objects, object);
	bool alone = retention_alive(analysis->retention, node) &&
		     analysis->retention->idom[node] == walk->owner;
	const struct value_field found = {
		.offset = at - walk->address,
		.kind = field->kind,
		.type = target,
		.to = to,
		.node = node,
		.bytes = alone ? retention_retained(analysis->retention, node) : 0,
	};
	walk->visit(walk->context, &found);
}

/* The value is behind the data word, or, of pointers and maps, it is that word. */
static void visit_interface(struct field_walk *walk, addr_t at, const struct go_type *field)
{
	const struct go_type *type = types_of_interface(walk->types, reader_u64(&walk->reader, at));
	addr_t data = reader_u64(&walk->reader, at + 8);

	if (type && type->kind == KIND_POINTER)
		type = types_at(walk->types, type->elem);
	visit_word(walk, at, field, type, data);
}

static void visit_value(
	struct field_walk *walk, const struct go_type *type, addr_t at, unsigned depth)
{
	if (!type || !type->pointer_bytes || depth > MAX_DEPTH || walk->reader.failed)
		return;
	switch (type->kind) {
	case KIND_STRUCT:
		for (uint32_t i = 0; i < type->field_count; i++)
			visit_value(walk, types_at(walk->types, type->fields[i].type),
				at + type->fields[i].offset, depth + 1);
		break;
	case KIND_ARRAY: {
		const struct go_type *elem = types_at(walk->types, type->elem);

		for (uint64_t i = 0; elem && i < MIN(type->length, (uint64_t)MAX_ELEMENTS); i++)
			visit_value(walk, elem, at + i * elem->size, depth + 1);
		break;
	}
	case KIND_INTERFACE:
		visit_interface(walk, at, type);
		break;
	case KIND_POINTER:
		visit_word(walk, at, type, types_at(walk->types, type->elem),
			reader_u64(&walk->reader, at));
		break;
	case KIND_MAP:
		visit_word(walk, at, type, type, reader_u64(&walk->reader, at));
		break;
	default:
		visit_word(walk, at, type, NULL, reader_u64(&walk->reader, at));
		break;
	}
}

void value_fields_each(const struct analysis *analysis, const struct go_type *type, addr_t address,
	node_t owner, value_field_fn *visit, void *context)
{
	struct field_walk walk = {
		.analysis = analysis,
		.types = &analysis->typing->types,
		.reader = reader_over(analysis->program->target),
		.address = address,
		.owner = owner,
		.visit = visit,
		.context = context,
	};

	visit_value(&walk, type, address, 0);
}
