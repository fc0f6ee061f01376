/* Segments, ranges, reading through a target: against arrays with one entry for each address. */
#include "check.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "block_cache.h"
#include "bytes.h"
#include "pieces.h"
#include "random.h"
#include "ranges.h"
#include "target.h"

enum {
	BASE = 0x1000,
	SPACE = 512, /* addresses of the small spaces that are compared one by one */
	SAMPLES = 2000,
	SEGMENTS = 8,
	FALLBACK_ROOM = SPACE / SEGMENTS,
};

static void test_ranges(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < SAMPLES; seed++) {
		struct random random = random_from(seed);
		bool expected[SPACE] = {0};
		struct ranges ranges = {0};
		uint64_t bytes = 0;

		for (unsigned i = random_below(&random, 12); i; i--) {
			uint32_t start = random_below(&random, SPACE),
				 end = random_below(&random, SPACE);

			ranges_add(&ranges, start, end);
			for (uint32_t at = start; at < end; at++)
				expected[at] = true;
		}
		ranges_normalise(&ranges);
		for (unsigned i = random_below(&random, 4); i; i--) {
			uint32_t start = random_below(&random, SPACE);
			uint32_t end = start + random_below(&random, SPACE - start);

			ranges_remove(&ranges, start, end);
			for (uint32_t at = start; at < end; at++)
				expected[at] = false;
		}
		for (uint32_t at = 0; at < SPACE; at++) {
			assert_int_equal(ranges_have(&ranges, at), expected[at]);
			bytes += expected[at];
		}
		assert_int_equal(ranges_bytes(&ranges), bytes);
		for (size_t i = 1; i < ranges.list.count; i++)
			assert_true(ranges.list.items[i - 1].end <= ranges.list.items[i].start);
		ranges_deinit(&ranges);
	}
}

static void test_ranges_that_touch(void **state)
{
	struct ranges ranges = {0};

	(void)state;
	ranges_normalise(&ranges);
	assert_false(ranges_have(&ranges, 0));
	ranges_add(&ranges, 20, 30);
	ranges_add(&ranges, 10, 20);
	ranges_add(&ranges, UINT64_MAX - 1, UINT64_MAX);
	ranges_add(&ranges, 5, 5);
	ranges_normalise(&ranges);
	assert_int_equal(ranges.list.count, 2);
	assert_int_equal(ranges.list.items[0].start, 10);
	assert_int_equal(ranges.list.items[0].end, 30);
	assert_true(ranges_have(&ranges, UINT64_MAX - 1));
	ranges_deinit(&ranges);
}

/* An address space of random segments and fallbacks. A segment's bytes are its number, or 100 more.
 * Of segments that overlap, the one that starts first has the shared part; segments win over
 * fallbacks, which do not overlap each other (they are the mappings of one file). */
struct space {
	struct target *target;
	int expected[SPACE]; /* -1: nothing there */
	uint8_t bytes[2 * SEGMENTS][SPACE];
};

static void make_space(struct space *space, uint64_t seed)
{
	struct random random = random_from(seed);
	uint32_t starts[2 * SEGMENTS], ends[2 * SEGMENTS];

	space->target = target_create(TARGET_CORE);
	for (unsigned i = 0; i < 2 * SEGMENTS; i++) {
		bool fallback = i >= SEGMENTS;

		/* No two start at the same place; see test_segments_that_start_together. */
		starts[i] = fallback ? (i - SEGMENTS) * FALLBACK_ROOM
				     : i + SEGMENTS * random_below(&random, SPACE / SEGMENTS);
		ends[i] = MIN(starts[i] + random_below(&random, fallback ? FALLBACK_ROOM : 80),
			(uint32_t)SPACE);
		memset(space->bytes[i], fallback ? (int)i + 100 : (int)i, SPACE);
		(fallback ? target_add_fallback : target_add_segment)(
			space->target, BASE + starts[i], ends[i] - starts[i], space->bytes[i]);
	}
	target_freeze_segments(space->target);
	for (uint32_t at = 0; at < SPACE; at++) {
		space->expected[at] = -1;
		for (unsigned i = 0; i < 2 * SEGMENTS; i++) {
			bool fallback = i >= SEGMENTS;
			int now = space->expected[at];

			if (at < starts[i] || at >= ends[i] || (fallback && now >= 0 && now < 100))
				continue;
			if (now < 0 || starts[i] < starts[now % 100])
				space->expected[at] = fallback ? (int)i + 100 : (int)i;
		}
	}
}

static void check_read(const struct space *space, uint32_t at, uint32_t length)
{
	uint8_t buffer[SPACE] = {0}, present[SPACE];
	uint32_t there = 0, missing = 0;
	struct error *error = target_read(space->target, BASE + at, buffer, length);

	while (there < length && space->expected[at + there] >= 0)
		there++;
	if (there == length) {
		assert_success(error);
		for (uint32_t i = 0; i < length; i++)
			assert_int_equal(buffer[i], space->expected[at + i]);
	} else {
		assert_int_equal(error->address, BASE + at + there);
		assert_error(error, ERROR_FAULT);
	}
	/* The space lies in one page, so it is all or nothing. */
	missing = there == length ? 0 : length;
	assert_int_equal(target_read_present(space->target, BASE + at, present, length), missing);
	for (uint32_t i = 0; i < length; i++)
		assert_int_equal(present[i], missing ? 0 : space->expected[at + i]);
}

static void check_view(const struct space *space, uint32_t at, uint32_t length)
{
	const uint8_t *view = target_view(space->target, BASE + at, length);
	const uint8_t *captured = target_view_captured(space->target, BASE + at, length);

	for (uint32_t i = 0; view && i < length; i++)
		assert_int_equal(view[i], space->expected[at + i]);
	if (captured) {
		assert_ptr_equal(captured, view);
		assert_in_range(space->expected[at], 0, 99);
	}
	if (length == 1)
		assert_int_equal(view != NULL, space->expected[at] >= 0);
}

static void test_segments(void **state)
{
	static struct space space;

	(void)state;
	for (uint64_t seed = 0; seed < SAMPLES; seed++) {
		struct random random = random_from(seed);

		make_space(&space, seed);
		for (uint32_t at = 0; at < SPACE; at++)
			check_view(&space, at, 1);
		for (unsigned i = 0; i < 50; i++) {
			uint32_t at = random_below(&random, SPACE);
			uint32_t length = 1 + random_below(&random, SPACE - at);

			check_read(&space, at, length);
			check_view(&space, at, length);
		}
		target_destroy(space.target);
	}
}

static void test_segments_that_start_together(void **state)
{
	static const uint8_t piece[8] = "piece", whole[64] = "whole";

	(void)state;
	for (unsigned first = 0; first < 2; first++) {
		struct target *target = target_create(TARGET_CORE);

		for (unsigned i = 0; i < 2; i++) {
			bool short_one = i == first;

			target_add_segment(target, BASE, short_one ? sizeof(piece) : sizeof(whole),
				short_one ? piece : whole);
		}
		target_freeze_segments(target);
		assert_ptr_equal(target_view(target, BASE, sizeof(whole)), whole);
		target_destroy(target);
	}
}

/* The executable's bytes stand in for what was not captured; they are passed over. */
static void test_next_captured(void **state)
{
	static const uint8_t captured[16] = "captured", other[64] = "other";
	struct target *target = target_create(TARGET_CORE);
	addr_t at = BASE;
	size_t length;

	(void)state;
	target_add_segment(target, BASE + 16, sizeof(captured), captured);
	target_add_fallback(target, BASE, sizeof(other), other);
	target_freeze_segments(target);
	assert_ptr_equal(target_next_captured(target, &at, BASE + 64, &length), captured);
	assert_int_equal(at, BASE + 16);
	assert_int_equal(length, sizeof(captured));
	at = BASE + 20;
	assert_ptr_equal(target_next_captured(target, &at, BASE + 24, &length), captured + 4);
	assert_int_equal(length, 4);
	at = BASE + 32;
	assert_null(target_next_captured(target, &at, BASE + 64, &length));
	at = BASE;
	assert_null(target_next_captured(target, &at, BASE + 16, &length));
	target_destroy(target);
}

/* Pieces that touch, with gaps, against a map of which bytes they have. */
static void test_pieces_copy(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < SAMPLES; seed++) {
		struct random random = random_from(seed);
		bool there[SPACE] = {0};
		struct ranges wanted = {0};
		struct pieces pieces;

		for (uint32_t at = random_below(&random, 8); at < SPACE - 32;
			at += random_below(&random, 3)) {
			uint32_t end = at + 1 + random_below(&random, 16);

			ranges_add(&wanted, at, end);
			memset(there + at, true, end - at);
			at = end;
		}
		pieces_init(&pieces, &wanted);
		vec_foreach (piece, &pieces.list) {
			for (uint32_t i = 0; i < piece->length; i++)
				piece->bytes[i] = (uint8_t)(piece->address + i);
		}
		for (unsigned i = 0; i < 20; i++) {
			uint8_t bytes[64] = {0};
			const struct piece copy = {random_below(&random, SPACE - 64),
				1 + random_below(&random, 40), bytes};
			bool expected = !memchr(there + copy.address, false, copy.length);

			assert_int_equal(pieces_copy(&pieces, &copy), expected);
			for (uint32_t k = 0; expected && k < copy.length; k++)
				assert_int_equal(bytes[k], (uint8_t)(copy.address + k));
		}
		pieces_deinit(&pieces);
		ranges_deinit(&wanted);
	}
}

static void test_reads_at_the_end_of_everything(void **state)
{
	struct target *target = target_create(TARGET_CORE);
	static const uint8_t bytes[16] = "0123456789abcdef";
	uint8_t buffer[32];

	(void)state;
	target_add_segment(target, UINT64_MAX - 15, 15, bytes);
	target_add_segment(target, UINT64_MAX - 7, 4096, bytes); /* beyond the last address */
	target_add_segment(target, 0x1000, UINT64_MAX, bytes);
	target_freeze_segments(target);
	assert_int_equal(target->segments.list.count, 1);
	assert_success(target_read(target, UINT64_MAX - 15, buffer, 15));
	assert_memory_equal(buffer, bytes, 15);
	assert_error(target_read(target, UINT64_MAX - 15, buffer, 32), ERROR_FAULT);
	assert_null(target_view(target, UINT64_MAX - 15, SIZE_MAX));
	assert_null(target_view(target, UINT64_MAX - 15, 16));
	target_destroy(target);
}

static void test_empty_target(void **state)
{
	struct target *target = target_create(TARGET_CORE);
	uint8_t byte;

	(void)state;
	target_freeze_segments(target);
	assert_error(target_read(target, 0, &byte, 1), ERROR_FAULT);
	assert_success(target_read(target, 0, &byte, 0));
	assert_null(target_view(target, 0, 1));
	assert_null(target_mapping(target, 0));
	assert_false(target_read_now(target, (addr_t)(uintptr_t)&byte, &byte, 1));
	target_destroy(target);
}

static void test_reader(void **state)
{
	struct target *target = target_create(TARGET_CORE);
	static const uint8_t bytes[8] = {1, 2, 3, 4, 5, 6, 7, 8};

	(void)state;
	target_add_segment(target, BASE, sizeof(bytes), bytes);
	target_freeze_segments(target);
	struct reader reader = reader_over(target);
	assert_int_equal(reader_u8(&reader, BASE + 7), 8);
	assert_int_equal(reader_u32(&reader, BASE + 1), 0x05040302);
	assert_true(reader_u64(&reader, BASE) == 0x0807060504030201ull);
	assert_null(reader_error(&reader, "x"));
	assert_int_equal(reader_u32(&reader, BASE + 5), 0);
	assert_true(reader.failed);
	assert_int_equal(reader.fault, BASE + 5);
	assert_int_equal(reader_u8(&reader, BASE), 0); /* from then on everything is 0 */
	assert_int_equal(reader.fault, BASE + 5);
	assert_error(reader_error(&reader, "x"), ERROR_FAULT);
	target_destroy(target);
}

static void test_mappings(void **state)
{
	struct target *target = target_create(TARGET_CORE);

	(void)state;
	for (addr_t at = 0; at < 10; at++)
		vec_push(&target->mappings,
			{.start = 100 * at + 10, .end = 100 * at + 60, .path = memory_string("")});
	for (addr_t at = 0; at < 1100; at++) {
		const struct mapping *mapping = target_mapping(target, at);
		bool inside = at < 1000 && at % 100 >= 10 && at % 100 < 60;

		assert_int_equal(mapping != NULL, inside);
		if (mapping)
			assert_int_equal(mapping->start, at / 100 * 100 + 10);
	}
	target_destroy(target);
}

/* A child that holds still: some pages with bytes, then one that cannot be read, then one more. */
enum { CHILD_PAGES = 24, HOLE = 22, PAGE = 4096 };

static uint8_t byte_at(size_t offset)
{
	return (uint8_t)(offset * 31 >> 3 ^ offset);
}

struct child {
	pid_t pid;
	uint8_t *memory; /* at the same address in the child */
};

static struct child start_child(void)
{
	struct child child = {.memory = mmap(NULL, CHILD_PAGES * PAGE, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)};

	assert_true(child.memory != MAP_FAILED);
	for (size_t i = 0; i < CHILD_PAGES * PAGE; i++)
		child.memory[i] = byte_at(i);
	munmap(child.memory + HOLE * PAGE, PAGE);
	child.pid = fork();
	if (child.pid == 0) {
		pause();
		_exit(0);
	}
	memset(child.memory, 0, HOLE * PAGE); /* only the child has the bytes now */
	return child;
}

static void stop_child(struct child *child)
{
	kill(child->pid, SIGKILL);
	waitpid(child->pid, NULL, 0);
	munmap(child->memory, HOLE * PAGE);
	munmap(child->memory + (HOLE + 1) * PAGE, PAGE);
}

static void test_block_cache(void **state)
{
	struct child child = start_child();
	struct block_cache *cache =
		block_cache_create(&(struct memory_source){.pid = child.pid, .mem = -1});
	struct random random = random_from(6);
	static uint8_t buffer[CHILD_PAGES * PAGE];
	addr_t start = (addr_t)(uintptr_t)child.memory;

	(void)state;
	for (unsigned step = 0; step < 3000; step++) {
		uint32_t at = random_below(&random, CHILD_PAGES * PAGE);
		uint32_t length = 1 + random_below(&random, step % 10 ? 64 : CHILD_PAGES * PAGE);

		length = MIN(length, CHILD_PAGES * PAGE - at);
		bool hole = at < (HOLE + 1) * PAGE && at + length > HOLE * PAGE;
		struct error *error = block_cache_read(cache, start + at, buffer, length);

		if (hole) {
			assert_int_equal(error->address, start + MAX(at, (uint32_t)HOLE * PAGE));
			assert_error(error, ERROR_FAULT);
			continue;
		}
		assert_success(error);
		for (uint32_t i = 0; i < length; i++) {
			if (buffer[i] != byte_at(at + i))
				fail_msg("step %u: byte %u of %u from %u is wrong", step, i, length,
					at);
		}
	}
	assert_error(block_cache_read(cache, 0, buffer, 8), ERROR_FAULT);
	assert_error(block_cache_read(cache, 8, buffer, 8), ERROR_FAULT);
	block_cache_destroy(cache);
	block_cache_destroy(NULL);
	stop_child(&child);
}

/* What was read once is not read again, until the cache is restarted. */
static void test_block_cache_keeps(void **state)
{
	struct child child = start_child();
	struct block_cache *cache =
		block_cache_create(&(struct memory_source){.pid = child.pid, .mem = -1});
	addr_t start = (addr_t)(uintptr_t)child.memory;
	uint8_t byte;

	(void)state;
	assert_success(block_cache_read(cache, start + 5 * PAGE, &byte, 1));
	kill(child.pid, SIGKILL);
	waitpid(child.pid, NULL, 0);
	assert_success(block_cache_read(cache, start + 5 * PAGE + 1, &byte, 1));
	assert_int_equal(byte, byte_at(5 * PAGE + 1));
	block_cache_restart(cache, &(struct memory_source){.pid = child.pid, .mem = -1});
	assert_error(block_cache_read(cache, start + 5 * PAGE + 1, &byte, 1), ERROR_FAULT);
	block_cache_restart(cache, &(struct memory_source){.pid = getpid(), .mem = -1});
	assert_success(block_cache_read(cache, start + 5 * PAGE + 1, &byte, 1));
	assert_int_equal(byte, *((uint8_t *)(uintptr_t)start + 5 * PAGE + 1)); /* not the child's */
	block_cache_destroy(cache);
	munmap(child.memory, HOLE * PAGE);
	munmap(child.memory + (HOLE + 1) * PAGE, PAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_ranges_that_touch),
		cmocka_unit_test(test_segments),
		cmocka_unit_test(test_segments_that_start_together),
		cmocka_unit_test(test_next_captured),
		cmocka_unit_test(test_pieces_copy),
		cmocka_unit_test(test_reads_at_the_end_of_everything),
		cmocka_unit_test(test_empty_target),
		cmocka_unit_test(test_reader),
		cmocka_unit_test(test_mappings),
		cmocka_unit_test(test_block_cache),
		cmocka_unit_test(test_block_cache_keeps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
