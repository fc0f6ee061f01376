#include "gc_program.h"

#include "bytes.h"

enum { MAX_WORDS = 1 << 27 };

struct bits {
	uint8_t *bytes;
	uint64_t count;
	uint64_t limit;
};

static void put_bit(struct bits *bits, bool bit)
{
	if (bits->count >= bits->limit)
		return;
	if (bit)
		bits->bytes[bits->count >> 3] |= (uint8_t)(1 << (bits->count & 7));
	bits->count++;
}

static uint64_t read_uvarint(struct reader *reader, addr_t *at)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t byte = reader_u8(reader, (*at)++);

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return value;
	}
	reader->failed = true;
	return 0;
}

static void put_literal(struct reader *reader, struct bits *bits, addr_t *at, unsigned count)
{
	for (unsigned i = 0; i < count; i += 8) {
		uint8_t byte = reader_u8(reader, (*at)++);

		for (unsigned k = 0; k < 8 && i + k < count; k++)
			put_bit(bits, byte >> k & 1);
	}
}

static bool put_repeat(struct bits *bits, uint64_t length, uint64_t times)
{
	if (!length || length > bits->count)
		return false;
	for (uint64_t i = 0; i < times && bits->count < bits->limit; i++) {
		uint64_t from = bits->count - length;

		for (uint64_t k = 0; k < length; k++)
			put_bit(bits, bits->bytes[(from + k) >> 3] >> ((from + k) & 7) & 1);
	}
	return true;
}

uint8_t *gc_program_run(const struct target *target, addr_t program, uint64_t words)
{
	struct reader reader = reader_over(target);
	addr_t at = program + 4;

	if (words > MAX_WORDS)
		return NULL;
	_cleanup_free_ uint8_t *bytes = memory_alloc(words / 8 + 1);
	struct bits bits = {.bytes = bytes, .limit = words};

	while (bits.count < words) {
		uint8_t instruction = reader_u8(&reader, at++);
		uint64_t count = instruction & 0x7f;

		if (reader.failed || !instruction)
			return NULL;
		if (!(instruction & 0x80)) {
			put_literal(&reader, &bits, &at, (unsigned)count);
			continue;
		}
		if (!count)
			count = read_uvarint(&reader, &at);
		if (!put_repeat(&bits, count, read_uvarint(&reader, &at)) || reader.failed)
			return NULL;
	}
	return take_pointer(bytes);
}
