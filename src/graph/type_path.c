#include "type_path.h"

#include <inttypes.h>

enum { MAX_DEPTH = 32 };

static void add(struct text *text, struct types *types, const struct go_type *type, uint64_t offset,
	unsigned depth);

static const struct go_field *field_at(
	struct types *types, const struct go_type *type, uint64_t offset)
{
	for (uint32_t i = 0; i < type->field_count; i++) {
		const struct go_field *field = &type->fields[i];
		const struct go_type *field_type = types_at(types, field->type);

		if (field_type && offset >= field->offset &&
			offset - field->offset < field_type->size)
			return field;
	}
	return NULL;
}

static void add(struct text *text, struct types *types, const struct go_type *type, uint64_t offset,
	unsigned depth)
{
	if (!type || depth > MAX_DEPTH)
		return;
	if (type->kind == KIND_STRUCT) {
		const struct go_field *field = field_at(types, type, offset);

		if (!field)
			return;
		text_add(text, ".%s", field->name);
		add(text, types, types_at(types, field->type), offset - field->offset, depth + 1);
	} else if (type->kind == KIND_ARRAY) {
		const struct go_type *elem = types_at(types, type->elem);

		if (!elem || !elem->size)
			return;
		text_add(text, "[%" PRIu64 "]", offset / elem->size);
		add(text, types, elem, offset % elem->size, depth + 1);
	}
}

void type_path_add(
	struct text *text, struct types *types, const struct go_type *type, uint64_t offset)
{
	add(text, types, type, offset, 0);
}
