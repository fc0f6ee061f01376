/* Little-endian loads from and stores to bytes that may be unaligned, and a cursor over bytes that
 * lie.
 *
 * A cursor never reads outside its bytes: the first attempt sets `failed`, and from then on every
 * read gives 0. Check `failed` once, after a group of reads.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t load_u16(const void *at)
{
	uint16_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static inline uint32_t load_u32(const void *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static inline uint64_t load_u64(const void *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static inline void store_u32(void *at, uint32_t value)
{
	memcpy(at, &value, sizeof(value));
}

static inline void store_u64(void *at, uint64_t value)
{
	memcpy(at, &value, sizeof(value));
}

static inline bool bytes_are_zero(const void *bytes, size_t length)
{
	const uint8_t *first = bytes;

	return !length || (!*first && !memcmp(first, first + 1, length - 1));
}

/* A field of 1, 2, 4 or 8 bytes. */
static inline uint64_t load_sized(const void *at, unsigned size)
{
	uint64_t value = 0;

	memcpy(&value, at, size <= 8 ? size : 8);
	return value;
}

struct cursor {
	const uint8_t *at;
	const uint8_t *end;
	bool failed;
};

static inline struct cursor cursor_over(const void *bytes, size_t length)
{
	return (struct cursor){.at = bytes, .end = (const uint8_t *)bytes + length};
}

static inline size_t cursor_left(const struct cursor *cursor)
{
	return (size_t)(cursor->end - cursor->at);
}

/* The next `length` bytes, or NULL. */
static inline const uint8_t *cursor_take(struct cursor *cursor, uint64_t length)
{
	if (cursor->failed || length > cursor_left(cursor)) {
		cursor->failed = true;
		return NULL;
	}
	const uint8_t *taken = cursor->at;

	cursor->at += length;
	return taken;
}

static inline uint8_t cursor_u8(struct cursor *cursor)
{
	const uint8_t *at = cursor_take(cursor, 1);

	return at ? *at : 0;
}

static inline uint32_t cursor_u32(struct cursor *cursor)
{
	const uint8_t *at = cursor_take(cursor, 4);

	return at ? load_u32(at) : 0;
}

static inline uint64_t cursor_u64(struct cursor *cursor)
{
	const uint8_t *at = cursor_take(cursor, 8);

	return at ? load_u64(at) : 0;
}

/* An unsigned LEB128 number (Go: encoding/binary Uvarint). */
static inline uint64_t cursor_uvarint(struct cursor *cursor)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t byte = cursor_u8(cursor);

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return value;
	}
	cursor->failed = true;
	return 0;
}
