#include "heapdump.h"

#include <stdio.h>
#include <string.h>

#include "bytes.h"

static const char HEADER[] = "go1.7 heap dump\n";

enum tag {
	TAG_END = 0,
	TAG_OBJECT = 1,
	TAG_OTHER_ROOT = 2,
	TAG_TYPE = 3,
	TAG_GOROUTINE = 4,
	TAG_FRAME = 5,
	TAG_PARAMS = 6,
	TAG_FINALIZER = 7,
	TAG_ITAB = 8,
	TAG_THREAD = 9,
	TAG_MEMSTATS = 10,
	TAG_QUEUED_FINALIZER = 11,
	TAG_DATA = 12,
	TAG_BSS = 13,
	TAG_DEFER = 14,
	TAG_PANIC = 15,
	TAG_MEMPROF = 16,
	TAG_ALLOC_SAMPLE = 17,
};

static void skip_numbers(struct cursor *cursor, unsigned count)
{
	while (count--)
		cursor_uvarint(cursor);
}

static char *read_string(struct cursor *cursor)
{
	uint64_t length = cursor_uvarint(cursor);
	const uint8_t *bytes = cursor_take(cursor, length);

	return bytes ? memory_string_n((const char *)bytes, length) : memory_string("");
}

static void skip_string(struct cursor *cursor)
{
	cursor_take(cursor, cursor_uvarint(cursor));
}

static struct offsets read_fields(struct cursor *cursor)
{
	struct offsets fields = {0};

	while (!cursor->failed && cursor_uvarint(cursor))
		vec_push(&fields.list, cursor_uvarint(cursor));
	return fields;
}

static struct dump_segment read_segment(struct cursor *cursor)
{
	struct dump_segment segment = {.address = cursor_uvarint(cursor)};

	segment.size = cursor_uvarint(cursor);
	cursor_take(cursor, segment.size);
	segment.pointers = read_fields(cursor);
	return segment;
}

static void read_goroutine(struct cursor *cursor, struct heapdump *dump)
{
	struct dump_goroutine goroutine = {.g = cursor_uvarint(cursor)};

	goroutine.sp = cursor_uvarint(cursor);
	goroutine.goid = cursor_uvarint(cursor);
	goroutine.gopc = cursor_uvarint(cursor);
	goroutine.status = cursor_uvarint(cursor);
	goroutine.system = cursor_uvarint(cursor);
	skip_numbers(cursor, 2);
	goroutine.wait_reason = read_string(cursor);
	skip_numbers(cursor, 4);
	vec_push(&dump->goroutines, goroutine);
}

static void read_frame(struct cursor *cursor, struct heapdump *dump)
{
	struct dump_frame frame = {.goroutine = dump->goroutines.count - 1};

	frame.sp = cursor_uvarint(cursor);
	frame.depth = cursor_uvarint(cursor);
	skip_numbers(cursor, 1);
	frame.size = cursor_uvarint(cursor);
	cursor_take(cursor, frame.size);
	frame.entry = cursor_uvarint(cursor);
	frame.pc = cursor_uvarint(cursor);
	frame.continpc = cursor_uvarint(cursor);
	frame.name = read_string(cursor);
	frame.pointers = read_fields(cursor);
	vec_push(&dump->frames, frame);
}

static void read_object(struct cursor *cursor, struct heapdump *dump)
{
	struct dump_object object = {.address = cursor_uvarint(cursor)};

	object.size = cursor_uvarint(cursor);
	cursor_take(cursor, object.size);
	object.pointers = read_fields(cursor);
	vec_push(&dump->objects, object);
}

static struct dump_finalizer read_finalizer(struct cursor *cursor)
{
	struct dump_finalizer finalizer = {.object = cursor_uvarint(cursor)};

	finalizer.function = cursor_uvarint(cursor);
	skip_numbers(cursor, 3);
	return finalizer;
}

static void read_type(struct cursor *cursor, struct heapdump *dump)
{
	struct dump_type type = {.address = cursor_uvarint(cursor)};

	type.size = cursor_uvarint(cursor);
	type.name = read_string(cursor);
	skip_numbers(cursor, 1);
	vec_push(&dump->types, type);
}

static void skip_profile(struct cursor *cursor)
{
	skip_numbers(cursor, 2);
	for (uint64_t count = cursor_uvarint(cursor); count && !cursor->failed; count--) {
		skip_string(cursor);
		skip_string(cursor);
		skip_numbers(cursor, 1);
	}
	skip_numbers(cursor, 2);
}

static bool read_record(struct cursor *cursor, enum tag tag, struct heapdump *dump)
{
	switch (tag) {
	case TAG_OBJECT:
		read_object(cursor, dump);
		break;
	case TAG_OTHER_ROOT:
		skip_string(cursor);
		skip_numbers(cursor, 1);
		break;
	case TAG_TYPE:
		read_type(cursor, dump);
		break;
	case TAG_GOROUTINE:
		read_goroutine(cursor, dump);
		break;
	case TAG_FRAME:
		read_frame(cursor, dump);
		break;
	case TAG_PARAMS:
		skip_numbers(cursor, 4);
		skip_string(cursor);
		skip_string(cursor);
		skip_numbers(cursor, 1);
		break;
	case TAG_FINALIZER:
		vec_push(&dump->finalizers, read_finalizer(cursor));
		break;
	case TAG_QUEUED_FINALIZER:
		vec_push(&dump->queued, read_finalizer(cursor));
		break;
	case TAG_ITAB:
	case TAG_ALLOC_SAMPLE:
		skip_numbers(cursor, 2);
		break;
	case TAG_THREAD:
		skip_numbers(cursor, 3);
		break;
	case TAG_MEMSTATS:
		skip_numbers(cursor, 24 + 256 + 1);
		break;
	case TAG_DATA:
		dump->data = read_segment(cursor);
		break;
	case TAG_BSS:
		dump->bss = read_segment(cursor);
		break;
	case TAG_DEFER:
		skip_numbers(cursor, 7);
		break;
	case TAG_PANIC:
		skip_numbers(cursor, 6);
		break;
	case TAG_MEMPROF:
		skip_profile(cursor);
		break;
	default:
		return false;
	}
	return !cursor->failed;
}

static int by_address(const void *left, const void *right)
{
	const struct dump_object *a = left, *b = right;

	return (a->address > b->address) - (a->address < b->address);
}

static struct error *read_file(const char *path, uint8_t **ret, size_t *ret_length)
{
	_cleanup_file_ FILE *file = fopen(path, "re");

	if (!file || fseek(file, 0, SEEK_END) < 0)
		return error_system("cannot open %s", path);
	long length = ftell(file);
	rewind(file);
	_cleanup_free_ uint8_t *bytes = memory_alloc((size_t)length);
	if (fread(bytes, 1, (size_t)length, file) != (size_t)length)
		return error_system("cannot read %s", path);
	*ret = take_pointer(bytes);
	*ret_length = (size_t)length;
	return NULL;
}

struct error *heapdump_read(const char *path, struct heapdump **ret)
{
	_cleanup_free_ uint8_t *bytes = NULL;
	size_t length;

	TRY(read_file(path, &bytes, &length));
	if (length < sizeof(HEADER) || memcmp(bytes, HEADER, sizeof(HEADER) - 1) != 0)
		return error_create(ERROR_FORMAT, "%s is not a heap dump", path);
	struct cursor cursor = cursor_over(bytes + sizeof(HEADER) - 1, length - sizeof(HEADER) + 1);
	struct heapdump *dump = memory_alloc(sizeof(*dump));
	for (;;) {
		uint64_t tag = cursor_uvarint(&cursor);

		if (tag == TAG_END && !cursor.failed)
			break;
		if (!read_record(&cursor, (enum tag)tag, dump))
			return error_create(ERROR_FORMAT, "%s: bad record %llu at %zu", path,
				(unsigned long long)tag, length - cursor_left(&cursor));
	}
	qsort(dump->objects.items, dump->objects.count, sizeof(struct dump_object), by_address);
	*ret = dump;
	return NULL;
}
