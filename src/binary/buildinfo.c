#include "buildinfo.h"

#include <string.h>

#include "bytes.h"
#include "memory.h"

static const char MAGIC[] = "\xff Go buildinf:";

enum {
	MAGIC_LENGTH = 14,
	FLAGS_AT = 15,
	FLAG_INLINE = 2,
	STRINGS_AT = 32,
	ALIGNMENT = 16,
	MAX_VERSION = 128,
	SENTINEL = 16, /* random bytes on both sides of the module information */
};

/* The line "path\tMAIN" of the module information. */
static char *find_main_path(const char *text, size_t length)
{
	static const char key[] = "path\t";
	const char *found = memmem(text, length, key, sizeof(key) - 1);

	if (!found)
		return NULL;
	found += sizeof(key) - 1;
	size_t left = length - (size_t)(found - text);
	const char *end = memchr(found, '\n', left);

	return memory_string_n(found, end ? (size_t)(end - found) : left);
}

bool buildinfo_parse(const uint8_t *bytes, size_t length, struct buildinfo *ret)
{
	if (length < STRINGS_AT || memcmp(bytes, MAGIC, MAGIC_LENGTH) != 0)
		return false;
	if (!(bytes[FLAGS_AT] & FLAG_INLINE)) {
		/* Go 1.17 or older: the strings are somewhere else, and nobody needs them. */
		*ret = (struct buildinfo){.version = memory_string("go1.17 or older")};
		return true;
	}
	struct cursor cursor = cursor_over(bytes + STRINGS_AT, length - STRINGS_AT);
	uint64_t version_length = cursor_uvarint(&cursor);
	const uint8_t *version = cursor_take(&cursor, version_length);
	uint64_t modules_length = cursor_uvarint(&cursor);
	const uint8_t *modules = cursor_take(&cursor, modules_length);

	if (!version || !version_length || version_length > MAX_VERSION)
		return false;
	ret->version = memory_string_n((const char *)version, version_length);
	ret->main_path = modules && modules_length > 2 * SENTINEL
				 ? find_main_path((const char *)modules + SENTINEL,
					   modules_length - 2 * SENTINEL)
				 : NULL;
	return true;
}

static bool search(const uint8_t *bytes, size_t length, bool with_strings, struct buildinfo *ret)
{
	const uint8_t *at = bytes;

	while ((at = memmem(at, length - (size_t)(at - bytes), MAGIC, MAGIC_LENGTH))) {
		size_t offset = (size_t)(at - bytes);
		bool has_strings = length - offset > FLAGS_AT && at[FLAGS_AT] & FLAG_INLINE;

		if (offset % ALIGNMENT == 0 && has_strings == with_strings &&
			buildinfo_parse(at, length - offset, ret))
			return true;
		at++;
	}
	return false;
}

/* Programs that look for build information have the magic among their constants: no strings follow
 * that. */
bool buildinfo_search(const uint8_t *bytes, size_t length, struct buildinfo *ret)
{
	return search(bytes, length, true, ret) || search(bytes, length, false, ret);
}
