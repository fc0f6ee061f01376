/* Compressed files: what is written is read back, by frames, as a stream and by zstd itself; what
 * is hostile is refused. */
#include "check.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "bytes.h"
#include "compressed_file.h"
#include "compressed_format.h"
#include "compressed_writer.h"
#include "elf_image.h"
#include "memory.h"
#include "random.h"

enum { FRAME = 1 << 20, LIMIT = 64 << 20, HOSTILE_FILES = 3000, SMALL_PLAIN = 3 * FRAME / 2 };

struct bytes {
	uint8_t *at;
	size_t length;
};

static struct bytes bytes_of_file(int fd)
{
	off_t end = lseek(fd, 0, SEEK_END);
	struct bytes bytes = {memory_alloc((size_t)end + 1), (size_t)end};

	assert_int_equal(pread(fd, bytes.at, bytes.length, 0), end);
	return bytes;
}

/* Text, noise and zeros by turns, so that frames become longer, shorter and much shorter. */
static struct bytes make_plain(size_t length)
{
	struct bytes plain = {memory_alloc(length + 1), length};
	struct random random = random_from(length);

	for (size_t i = 0; i < length; i++) {
		if (i / 300000 % 3 == 0)
			plain.at[i] = (uint8_t)random_below(&random, 256);
		else if (i / 300000 % 3 == 1)
			plain.at[i] = "silt "[i % 5];
	}
	return plain;
}

static struct bytes compress(const struct bytes *plain)
{
	int from = file_of_bytes(plain->at, plain->length), to = memfd_create("compressed", 0);

	assert_success(compressed_write(from, to, "compressed"));
	struct bytes packed = bytes_of_file(to);
	close(from);
	close(to);
	return packed;
}

static void check_expands(const struct bytes *packed, const struct bytes *plain)
{
	int fd;

	assert_success(compressed_bytes_expand(packed->at, packed->length, LIMIT, "expanded", &fd));
	struct bytes expanded = bytes_of_file(fd);
	assert_int_equal(expanded.length, plain->length);
	assert_memory_equal(expanded.at, plain->at, plain->length);
	free(expanded.at);
	close(fd);
}

/* By the format alone: each entry of the table is a frame that zstd expands to so many bytes. */
static void check_table(const struct bytes *packed, const struct bytes *plain)
{
	const uint8_t *footer = packed->at + packed->length - 9;
	const uint32_t count = load_u32(footer);
	const uint8_t *entry = footer - 8 * (size_t)count;
	_cleanup_free_ uint8_t *frame = memory_alloc(FRAME);
	size_t packed_at = 0, plain_at = 0;

	assert_int_equal(load_u32(footer + 5), 0x8f92eab1);
	assert_int_equal(load_u32(entry - 8), 0x184d2a5e);
	for (uint32_t i = 0; i < count; i++, entry += 8) {
		size_t got = ZSTD_decompress(frame, FRAME, packed->at + packed_at, load_u32(entry));

		assert_int_equal(got, load_u32(entry + 4));
		assert_memory_equal(frame, plain->at + plain_at, got);
		packed_at += load_u32(entry);
		plain_at += got;
	}
	assert_int_equal(plain_at, plain->length);
}

static void test_round_trip(void **state)
{
	static const size_t lengths[] = {
		0, 1, 4095, FRAME - 1, FRAME, FRAME + 1, 5 * FRAME, 20 * FRAME + 12345};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct bytes plain = make_plain(lengths[i]), packed = compress(&plain);

		check_table(&packed, &plain);
		check_expands(&packed, &plain);
		packed.at[packed.length - 1] ^= 1; /* a skippable frame of somebody else */
		check_expands(&packed, &plain);
		free(plain.at);
		free(packed.at);
	}
}

/* As of zstd's command line tool, and two of them one behind the other. */
static void test_without_table(void **state)
{
	struct bytes plain = make_plain(SMALL_PLAIN), packed;
	size_t room = ZSTD_compressBound(plain.length);

	(void)state;
	packed.at = memory_alloc(2 * room);
	packed.length = ZSTD_compress(packed.at, room, plain.at, SMALL_PLAIN / 3, 3);
	packed.length += ZSTD_compress(packed.at + packed.length, room, plain.at + SMALL_PLAIN / 3,
		SMALL_PLAIN - SMALL_PLAIN / 3, 3);
	check_expands(&packed, &plain);
	free(plain.at);
	free(packed.at);
}

static void refuse(const struct bytes *packed, uint64_t limit, enum error_code code)
{
	int fd;

	assert_error(
		compressed_bytes_expand(packed->at, packed->length, limit, "hostile", &fd), code);
}

static void test_limit(void **state)
{
	struct bytes plain = make_plain(SMALL_PLAIN), packed = compress(&plain);

	(void)state;
	refuse(&packed, SMALL_PLAIN - 1, ERROR_LIMIT);
	refuse(&packed, 0, ERROR_LIMIT);
	packed.at[packed.length - 1] ^= 1; /* no table */
	refuse(&packed, SMALL_PLAIN - 1, ERROR_LIMIT);
	refuse(&packed, 0, ERROR_LIMIT);
	free(plain.at);
	free(packed.at);
}

static void test_lying_table(void **state)
{
	struct bytes plain = make_plain(SMALL_PLAIN), packed = compress(&plain);
	uint8_t *footer = packed.at + packed.length - 9, *entries = footer - 16;
	const struct {
		uint8_t *place;
		uint32_t value;
		enum error_code code;
	} lies[] = {
		{footer, 1, ERROR_FORMAT},              /* fewer frames */
		{footer, 3, ERROR_FORMAT},              /* more */
		{footer, UINT32_MAX, ERROR_FORMAT},     /* more than the file has bytes */
		{entries, 0, ERROR_FORMAT},             /* an empty frame */
		{entries, UINT32_MAX, ERROR_FORMAT},    /* longer than the file */
		{entries + 4, 1, ERROR_FORMAT},         /* less than comes of it */
		{entries + 4, FRAME + 1, ERROR_FORMAT}, /* more */
		{entries + 4, UINT32_MAX, ERROR_LIMIT}, /* more than is expanded at once */
		{entries - 4, 0, ERROR_FORMAT},         /* the length of the table */
		{packed.at + 100, 0x5a5a5a5a, ERROR_FORMAT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
		uint32_t truth = load_u32(lies[i].place);

		store_u32(lies[i].place, lies[i].value);
		refuse(&packed, LIMIT, lies[i].code);
		store_u32(lies[i].place, truth);
	}
	check_expands(&packed, &plain);
	free(plain.at);
	free(packed.at);
}

static void test_cut_off(void **state)
{
	struct bytes plain = make_plain(SMALL_PLAIN), packed = compress(&plain);
	const size_t whole = packed.length;

	(void)state;
	/* Without the table the frames are still all there. */
	const size_t frames = whole - 9 - 16 - 8;
	for (size_t length = 4; length < frames; length += 1 + length / 3) {
		packed.length = length;
		refuse(&packed, LIMIT, ERROR_FORMAT);
	}
	packed.length = frames - 1;
	refuse(&packed, LIMIT, ERROR_FORMAT);
	free(plain.at);
	free(packed.at);
}

/* Whatever is changed: it is refused, or nothing was lost. */
static void test_hostile(void **state)
{
	struct bytes plain = make_plain(40000), packed = compress(&plain);
	struct random random = random_from(1);

	(void)state;
	for (unsigned i = 0; i < HOSTILE_FILES; i++) {
		struct bytes hostile = {memory_alloc(packed.length), packed.length};
		int fd;

		memcpy(hostile.at, packed.at, packed.length);
		for (unsigned changes = 1 + random_below(&random, 4); changes; changes--)
			hostile.at[random_below(&random, (uint32_t)packed.length)] =
				(uint8_t)random_below(&random, 256);
		struct error *error =
			compressed_bytes_expand(hostile.at, hostile.length, LIMIT, "hostile", &fd);
		if (error) {
			assert_true(error->code == ERROR_FORMAT || error->code == ERROR_LIMIT);
			error_destroy(error);
		} else {
			close(fd);
		}
		free(hostile.at);
	}
	free(plain.at);
	free(packed.at);
}

/* Also behind what is not zero. */
static void test_zeros_take_no_room(void **state)
{
	struct bytes plain = {memory_alloc(2 * FRAME), 2 * FRAME};
	struct stat status;
	int fd;

	(void)state;
	plain.at[0] = plain.at[FRAME + FRAME / 2] = 1;
	struct bytes packed = compress(&plain);
	assert_success(compressed_bytes_expand(packed.at, packed.length, LIMIT, "expanded", &fd));
	assert_int_equal(fstat(fd, &status), 0);
	assert_int_equal(status.st_size, plain.length);
	assert_true((size_t)status.st_blocks * 512 < plain.length / 8);
	close(fd);
	check_expands(&packed, &plain);
	free(packed.at);
	free(plain.at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_without_table),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_lying_table),
		cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_zeros_take_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
