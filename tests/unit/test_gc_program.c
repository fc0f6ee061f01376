/* Programs that unroll to pointer masks, and stack objects that use them: random programs against
 * an interpreter that keeps one byte for each bit. */
#include "check.h"

#include "gc_program.h"
#include "random.h"
#include "stack_map.h"
#include "vec.h"

enum { AT = 0x10000, PROGRAMS = 20000, LONGEST = 4000 };

struct program_bytes {
	VEC(uint8_t) list;
};

struct bit_list {
	VEC(bool) list;
};

static void put_uvarint(struct program_bytes *program, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		vec_push(&program->list, (uint8_t)(value | 0x80));
	vec_push(&program->list, (uint8_t)value);
}

static void put_literal(struct program_bytes *program, struct bit_list *bits, struct random *random)
{
	uint8_t count = (uint8_t)(1 + random_below(random, 127));

	vec_push(&program->list, count);
	for (unsigned i = 0; i < count; i += 8) {
		uint8_t byte = (uint8_t)random_below(random, 256); /* also bits that do not count */

		vec_push(&program->list, byte);
		for (unsigned k = i; k < count && k < i + 8; k++)
			vec_push(&bits->list, (byte >> (k - i) & 1)); /* vec_push casts */
	}
}

static void put_repeat(struct program_bytes *program, struct bit_list *bits, struct random *random)
{
	uint32_t length = 1 + random_below(random, (uint32_t)MIN(bits->list.count, (size_t)200));
	uint32_t times = random_below(random, 20);

	if (length < 128 && random_below(random, 4)) {
		vec_push(&program->list, (uint8_t)(0x80 | length));
	} else {
		vec_push(&program->list, 0x80);
		put_uvarint(program, length);
	}
	put_uvarint(program, times);
	for (uint32_t i = 0; i < times * length; i++) {
		bool bit = bits->list.items[bits->list.count - length];

		vec_push(&bits->list, bit);
	}
}

static void make_program(
	struct program_bytes *program, struct bit_list *bits, struct random *random)
{
	for (unsigned i = 0; i < 4; i++) /* the length, which nobody reads */
		vec_push(&program->list, (uint8_t)random_below(random, 256));
	for (unsigned i = 1 + random_below(random, 8); i && bits->list.count < LONGEST; i--) {
		if (!bits->list.count || random_below(random, 2))
			put_literal(program, bits, random);
		else
			put_repeat(program, bits, random);
	}
	vec_push(&program->list, 0);
}

static struct target *target_with(const uint8_t *bytes, size_t length)
{
	struct target *target = target_create(TARGET_CORE);

	target_add_segment(target, AT, length, bytes);
	target_freeze_segments(target);
	return target;
}

static void check_words(const struct target *target, const struct bit_list *bits, size_t words)
{
	_cleanup_free_ uint8_t *mask = gc_program_run(target, AT, words);

	if (words > bits->list.count) {
		assert_null(mask);
		return;
	}
	assert_non_null(mask);
	for (size_t i = 0; i < words; i++)
		assert_int_equal(mask[i / 8] >> i % 8 & 1, bits->list.items[i]);
	for (size_t i = words; i % 8; i++)
		assert_int_equal(mask[i / 8] >> i % 8 & 1, 0);
}

static void test_random_programs(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < PROGRAMS; seed++) {
		struct random random = random_from(seed);
		struct program_bytes program = {0};
		struct bit_list bits = {0};

		make_program(&program, &bits, &random);
		struct target *target = target_with(program.list.items, program.list.count);
		uint32_t count = (uint32_t)bits.list.count;
		check_words(target, &bits, count);
		check_words(target, &bits, count + 1); /* more than the program makes */
		check_words(target, &bits, random_below(&random, count));
		target_destroy(target);
		/* Cut off, it makes no more than its bytes say, and no harm. */
		target = target_with(
			program.list.items, random_below(&random, (uint32_t)program.list.count));
		free(gc_program_run(target, AT, count));
		target_destroy(target);
		vec_deinit(&program.list);
		vec_deinit(&bits.list);
	}
}

static void check_refused(const char *bytes, size_t length, uint64_t words)
{
	struct target *target = target_with((const uint8_t *)bytes, length);

	assert_null(gc_program_run(target, AT, words));
	target_destroy(target);
}

static void test_programs_that_lie(void **state)
{
	(void)state;
	check_refused("\0\0\0\0\0", 5, 1);                  /* ends at once */
	check_refused("\0\0\0\0\x81\5", 6, 5);              /* repeats what is not there */
	check_refused("\0\0\0\0\1\1\x82\5", 8, 5);          /* repeats more than there is */
	check_refused("\0\0\0\0\1\1\x80\0\5", 9, 5);        /* repeats nothing */
	check_refused("\0\0\0\0\1\1\x81\0\x81\0\0", 11, 5); /* repeats it no times */
	check_refused("\0\0\0\0\1\1", 6, 2);                /* no end */
	check_refused("\0\0\0\0\1\1\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 18, 9);
	check_refused("\0\0\0\0\1\1", 6, UINT64_MAX);
}

/* A repeat of 2^63 times ends when the mask is full. */
static void test_long_repeat(void **state)
{
	static const uint8_t program[] = {
		0, 0, 0, 0, 1, 1, 0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0};
	struct target *target = target_with(program, sizeof(program));
	uint8_t *mask = gc_program_run(target, AT, 1 << 20);

	(void)state;
	assert_non_null(mask);
	for (size_t i = 0; i < (1 << 20) / 8; i++)
		assert_int_equal(mask[i], 0xff);
	free(mask);
	target_destroy(target);
}

static void add_offset(void *context, uint64_t offset)
{
	uint64_t *offsets = context;

	assert_int_equal(offset % 8, 0);
	*offsets |= (uint64_t)1 << offset / 8;
}

/* A stack object has a mask, or up to 1.23 a program when its pointer bytes are negative. */
static void test_stack_objects(void **state)
{
	static const uint8_t bytes[] = {0x0d, 0xf1, 0, 0, 0, 0, 3, 5, 0x83, 2, 0};
	struct target *target = target_with(bytes, sizeof(bytes));
	const struct goruntime runtime = {.target = target};
	uint64_t offsets = 0;

	(void)state;
	assert_true(stack_object_each(
		&runtime, &(struct stack_object){0, 96, 96, AT}, add_offset, &offsets));
	assert_int_equal(offsets, 0x10d);
	offsets = 0;
	assert_true(stack_object_each(
		&runtime, &(struct stack_object){0, 96, -72, AT + 2}, add_offset, &offsets));
	assert_int_equal(offsets, 0x16d); /* 101 three times */
	offsets = 0;
	assert_false(stack_object_each(
		&runtime, &(struct stack_object){0, 96, 96, AT + 10}, add_offset, &offsets));
	assert_false(stack_object_each(
		&runtime, &(struct stack_object){0, 96, INT32_MIN, AT + 2}, add_offset, &offsets));
	assert_int_equal(offsets, 0);
	assert_true(stack_object_each(
		&runtime, &(struct stack_object){0, 96, 0, AT - 100}, add_offset, &offsets));
	target_destroy(target);
}

/* abi.RegArgs: integers, floats, then as many pointers as integers (internal/abi/abi_*.go). */
static void test_register_arguments(void **state)
{
	struct goruntime runtime = {0};
	uint64_t offsets = 0;

	(void)state;
	assert_success(layout_for_version("go1.26", PROCESSOR_AMD64, &runtime.layout));
	assert_true(stack_object_each(
		&runtime, &(struct stack_object){0, 272, 0, 0}, add_offset, &offsets));
	assert_true(offsets == (uint64_t)0x1ff << (9 + 15));
	offsets = 0;
	assert_success(layout_for_version("go1.26", PROCESSOR_ARM64, &runtime.layout));
	assert_true(stack_object_each(
		&runtime, &(struct stack_object){0, 392, 0, 0}, add_offset, &offsets));
	assert_true(offsets == (uint64_t)0xffff << (16 + 16));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_programs),
		cmocka_unit_test(test_programs_that_lie),
		cmocka_unit_test(test_long_repeat),
		cmocka_unit_test(test_stack_objects),
		cmocka_unit_test(test_register_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
