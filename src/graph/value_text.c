#include "value_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bytes.h"

enum { MAX_DEPTH = 4, MAX_UNCHANGED = 256, MAX_FIELDS = 4, STRING_BYTES = 16 };

struct writer {
	struct text *text;
	struct types *types;
	addr_t unchanged;
	size_t unchanged_length;
};

static void add_value(struct writer *writer, const struct go_type *type, addr_t at, unsigned depth);

/* A string is not changed where it is, and its memory is not used for anything else as long as
 * there is a reference to it. */
static bool still_there(const struct writer *writer)
{
	const struct target *target = writer->types->runtime->target;
	uint8_t then[MAX_UNCHANGED], now[MAX_UNCHANGED];
	struct reader reader = reader_over(target);
	size_t length = MIN(writer->unchanged_length, sizeof(then));

	return writer->unchanged && reader_bytes(&reader, writer->unchanged, then, length) &&
	       target_read_now(target, writer->unchanged, now, length) &&
	       !memcmp(then, now, length);
}

static bool read_string(const struct writer *writer, addr_t at, char *buffer, size_t length)
{
	const struct target *target = writer->types->runtime->target;
	struct reader reader = reader_over(target);

	return reader_bytes(&reader, at, buffer, length) ||
	       (target_read_now(target, at, buffer, length) && still_there(writer));
}

static void add_escaped(struct text *text, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		if (byte == '"' || byte == '\\')
			text_add(text, "\\%c", byte);
		else if (byte < ' ' || byte == 0x7f)
			text_add(text, "\\x%02x", byte);
		else
			text_add_bytes(text, bytes + i, 1);
	}
}

static void add_string(struct writer *writer, addr_t at)
{
	struct reader reader = reader_over(writer->types->runtime->target);
	addr_t bytes = reader_u64(&reader, at);
	uint64_t length = reader_u64(&reader, at + 8);
	size_t shown = (size_t)MIN(length, (uint64_t)VALUE_TEXT_MAX);
	char buffer[VALUE_TEXT_MAX];

	if (reader.failed || !read_string(writer, bytes, buffer, shown)) {
		text_add(writer->text, "\"...\"");
		return;
	}
	/* Not in the middle of a character. */
	while (shown < length && shown && ((unsigned char)buffer[shown - 1] & 0xc0) == 0x80)
		shown--;
	text_add(writer->text, "\"");
	add_escaped(writer->text, buffer, shown);
	text_add(writer->text, shown < length ? "...\"" : "\"");
}

static void add_integer(struct writer *writer, const struct go_type *type, addr_t at)
{
	struct reader reader = reader_over(writer->types->runtime->target);
	uint64_t value = reader_sized(&reader, at, (unsigned)type->size);
	unsigned shift = 64 - 8 * (unsigned)type->size;

	if (type->kind >= KIND_INT && type->kind <= KIND_INT64)
		text_add(writer->text, "%" PRId64, (int64_t)(value << shift) >> shift);
	else
		text_add(writer->text, "%" PRIu64, value);
}

static void add_float(struct writer *writer, const struct go_type *type, addr_t at)
{
	struct reader reader = reader_over(writer->types->runtime->target);
	uint64_t bits = reader_sized(&reader, at, (unsigned)type->size);
	double value = 0;

	if (type->size == 4) {
		float narrow;

		memcpy(&narrow, &bits, sizeof(narrow));
		value = (double)narrow;
	} else {
		memcpy(&value, &bits, sizeof(value));
	}
	text_add(writer->text, "%g", value);
}

static void add_struct(struct writer *writer, const struct go_type *type, addr_t at, unsigned depth)
{
	text_add(writer->text, "{");
	for (uint32_t i = 0; i < type->field_count; i++) {
		const struct go_type *field = types_at(writer->types, type->fields[i].type);

		text_add(writer->text, "%s", i ? " " : "");
		if (i == MAX_FIELDS) {
			text_add(writer->text, "...");
			break;
		}
		if (field)
			add_value(writer, field, at + type->fields[i].offset, depth + 1);
	}
	text_add(writer->text, "}");
}

static void add_array(struct writer *writer, const struct go_type *type, addr_t at, unsigned depth)
{
	const struct go_type *elem = types_at(writer->types, type->elem);

	text_add(writer->text, "[");
	for (uint64_t i = 0; elem && i < type->length; i++) {
		text_add(writer->text, "%s", i ? " " : "");
		if (i == MAX_FIELDS) {
			text_add(writer->text, "...");
			break;
		}
		add_value(writer, elem, at + i * elem->size, depth + 1);
	}
	text_add(writer->text, "]");
}

static void add_interface(struct writer *writer, addr_t at, unsigned depth)
{
	struct reader reader = reader_over(writer->types->runtime->target);
	const struct go_type *type = types_of_interface(writer->types, reader_u64(&reader, at));

	if (!type)
		text_add(writer->text, "nil");
	else
		add_value(writer, type, type->direct ? at + 8 : reader_u64(&reader, at + 8),
			depth + 1);
}

static void add_value(struct writer *writer, const struct go_type *type, addr_t at, unsigned depth)
{
	struct reader reader = reader_over(writer->types->runtime->target);

	if (depth > MAX_DEPTH) {
		text_add(writer->text, "...");
		return;
	}
	switch (type->kind) {
	case KIND_BOOL:
		text_add(writer->text, "%s", reader_u8(&reader, at) ? "true" : "false");
		break;
	case KIND_STRING:
		add_string(writer, at);
		break;
	case KIND_FLOAT32:
	case KIND_FLOAT64:
		add_float(writer, type, at);
		break;
	case KIND_STRUCT:
		add_struct(writer, type, at, depth);
		break;
	case KIND_ARRAY:
		add_array(writer, type, at, depth);
		break;
	case KIND_INTERFACE:
		add_interface(writer, at, depth);
		break;
	default:
		if (type->kind >= KIND_INT && type->kind <= KIND_UINTPTR)
			add_integer(writer, type, at);
		else
			text_add(writer->text, "0x%" PRIx64, reader_u64(&reader, at));
		break;
	}
}

void value_text_add(struct text *text, struct types *types, const struct go_type *type, addr_t at,
	addr_t unchanged, size_t unchanged_length)
{
	struct writer writer = {text, types, unchanged, unchanged_length};

	add_value(&writer, type, at, 0);
}

char *value_text_string(struct types *types, addr_t at, size_t limit)
{
	const struct writer writer = {
		.types = types, .unchanged = at, .unchanged_length = STRING_BYTES};
	struct reader reader = reader_over(types->runtime->target);
	addr_t bytes = reader_u64(&reader, at);
	uint64_t length = reader_u64(&reader, at + 8);

	if (reader.failed || length > limit)
		return NULL;
	char *string = memory_alloc(length + 1);
	if (read_string(&writer, bytes, string, length))
		return string;
	free(string);
	return NULL;
}
