/* What everything else stands on: errors, text, containers, bytes that lie, tables, threads. */
#include "check.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "addrmap.h"
#include "bitset.h"
#include "bytes.h"
#include "cycle.h"
#include "parallel.h"
#include "random.h"
#include "shared_map.h"
#include "big_table.h"
#include "text.h"
#include "vec.h"

static void test_error_chain(void **state)
{
	struct error *error = error_create(ERROR_LIMIT, "%d is too many", 12);

	(void)state;
	error = error_context(error, "the %s", "map");
	error = error_context(error, "report");
	assert_string_equal(error->message, "report: the map: 12 is too many");
	assert_int_equal(error->code, ERROR_LIMIT);
	error_destroy(error);
	assert_null(error_context(NULL, "nothing went wrong"));
	error_destroy(NULL);
}

/* A percent sign in a message is no format any more when context is put before it. */
static void test_error_with_percent(void **state)
{
	struct error *error = error_create(ERROR_FORMAT, "%s", "100%s%n");

	(void)state;
	error = error_context(error, "%s", "50%d");
	assert_string_equal(error->message, "50%d: 100%s%n");
	error_destroy(error);
}

static void test_error_of_system(void **state)
{
	(void)state;
	errno = ENOENT;
	struct error *error = error_system("cannot open %s", "x");
	assert_int_equal(error->code, ERROR_SYSTEM);
	assert_int_equal(error->sys_errno, ENOENT);
	assert_string_equal(error->message, "cannot open x: No such file or directory");
	error_destroy(error);
	errno = EACCES;
	assert_error(error_system("cannot open x"), ERROR_PERMISSION);
	errno = EPERM;
	assert_error(error_system("cannot open x"), ERROR_PERMISSION);
}

static void test_error_of_address(void **state)
{
	struct error *error = error_fault(0xfffffffffffffff8ull, 16);

	(void)state;
	assert_int_equal(error->code, ERROR_FAULT);
	assert_true(error->address == 0xfffffffffffffff8ull);
	assert_non_null(strstr(error->message, "0xfffffffffffffff8"));
	error_destroy(error);
}

static void test_text(void **state)
{
	struct text text = {0};
	char expected[4096] = "";

	(void)state;
	for (int i = 0; i < 500; i++) {
		text_add(&text, "%d,", i);
		sprintf(expected + strlen(expected), "%d,", i);
		assert_string_equal(text.bytes, expected);
		assert_int_equal(text.length, strlen(expected));
	}
	text_add_bytes(&text, "a\0b", 3);
	assert_memory_equal(text.bytes + strlen(expected), "a\0b", 4);
	free(text_take(&text));
	assert_int_equal(text.length, 0);
	char *empty = text_take(&text);
	assert_string_equal(empty, "");
	free(empty);
	text_deinit(&text);
}

static void test_vec(void **state)
{
	VEC(uint32_t) numbers = {0};
	uint32_t expected = 0;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		vec_push(&numbers, i * 3);
	assert_int_equal(numbers.count, 1000);
	vec_foreach (number, &numbers) {
		assert_int_equal(*number, expected);
		expected += 3;
	}
	assert_int_equal(*vec_last(&numbers), 2997);
	assert_int_equal(vec_pop(&numbers), 2997);
	assert_int_equal(numbers.count, 999);
	vec_reserve(&numbers, 5000);
	assert_true(numbers.capacity >= 5000);
	assert_int_equal(numbers.items[998], 2994);
	vec_deinit(&numbers);
	vec_foreach (number, &numbers)
		fail();
}

static void test_bitset(void **state)
{
	enum { BITS = 200 };
	struct random random = random_from(1);
	uint64_t words[BITSET_WORDS(BITS)] = {0};
	bool expected[BITS] = {0};

	(void)state;
	for (unsigned step = 0; step < 5000; step++) {
		uint32_t bit = random_below(&random, BITS);
		uint64_t count = 0;

		expected[bit] = random_below(&random, 2);
		if (expected[bit])
			bitset_add(words, bit);
		else
			bitset_remove(words, bit);
		for (unsigned i = 0; i < BITS; i++) {
			assert_int_equal(bitset_has(words, i), expected[i]);
			count += expected[i];
		}
		assert_int_equal(bitset_count(words, BITS), count);
	}
	for (unsigned i = 0; i <= 64; i++)
		assert_int_equal(__builtin_popcountll(bits_below(i)), i);
	assert_true(bits_below(3) == 7);
}

/* Against an array; keys are few, so that they are met again, and many share low and high bits. */
static void test_addrmap(void **state)
{
	enum { KEYS = 3000 };
	struct random random = random_from(2);
	struct addrmap map = {0};
	static uint64_t values[KEYS]; /* value + 1, 0: not there */
	size_t count = 0;

	(void)state;
	assert_false(addrmap_get(&map, 5, NULL));
	for (unsigned step = 0; step < 40000; step++) {
		uint32_t place = random_below(&random, KEYS),
			 value = random_below(&random, 1u << 31);
		addr_t key = (addr_t)(place + 1) << (place % 3 * 20);
		uint32_t found = 77;

		assert_int_equal(addrmap_get(&map, key, &found), values[place] != 0);
		assert_int_equal(found, values[place] ? values[place] - 1 : 77);
		if (random_below(&random, 2))
			continue;
		count += !values[place];
		values[place] = (uint64_t)value + 1;
		addrmap_set(&map, key, value);
		assert_int_equal(map.count, count);
	}
	addrmap_set(&map, 0, 1);
	assert_false(addrmap_get(&map, 0, NULL));
	assert_int_equal(map.count, count);
	addrmap_deinit(&map);
	assert_false(addrmap_get(&map, 1, NULL));
}

static void test_loads(void **state)
{
	const uint8_t bytes[] = {0xff, 1, 2, 3, 4, 5, 6, 7, 0x88};

	(void)state;
	assert_int_equal(load_u16(bytes + 1), 0x0201);
	assert_int_equal(load_u32(bytes + 1), 0x04030201);
	assert_true(load_u64(bytes + 1) == 0x8807060504030201ull);
	assert_int_equal(load_sized(bytes + 1, 1), 1);
	assert_int_equal(load_sized(bytes + 1, 2), 0x0201);
	assert_int_equal(load_sized(bytes + 1, 4), 0x04030201);
	assert_true(load_sized(bytes + 1, 16) == load_u64(bytes + 1));
	assert_int_equal(load_sized(bytes + 1, 0), 0);
}

/* The bytes end where the allocation ends, so that a sanitizer sees what reads on. */
static void test_cursor_bounds(void **state)
{
	uint8_t *bytes = malloc(13);

	(void)state;
	memset(bytes, 0x11, 13);
	struct cursor cursor = cursor_over(bytes, 13);
	assert_true(cursor_u64(&cursor) == 0x1111111111111111ull);
	assert_int_equal(cursor_u8(&cursor), 0x11);
	assert_int_equal(cursor_left(&cursor), 4);
	assert_int_equal(cursor_u64(&cursor), 0);
	assert_true(cursor.failed);
	assert_int_equal(cursor_u32(&cursor), 0); /* would fit, but has failed */
	assert_null(cursor_take(&cursor, 0));

	cursor = cursor_over(bytes, 13);
	assert_null(cursor_take(&cursor, UINT64_MAX));
	assert_true(cursor.failed);
	cursor = cursor_over(bytes, 13);
	assert_ptr_equal(cursor_take(&cursor, 13), bytes);
	assert_false(cursor.failed);
	assert_non_null(cursor_take(&cursor, 0));
	free(bytes);
}

static size_t write_uvarint(uint8_t *to, uint64_t value)
{
	size_t length = 0;

	for (; value >= 0x80; value >>= 7)
		to[length++] = (uint8_t)(value | 0x80);
	to[length++] = (uint8_t)value;
	return length;
}

static void test_uvarint(void **state)
{
	struct random random = random_from(3);

	(void)state;
	for (unsigned step = 0; step < 2000; step++) {
		uint8_t buffer[10];
		uint64_t value = random_word(&random) >> random_below(&random, 64);
		size_t length = write_uvarint(buffer, value);
		uint8_t *exact = malloc(length);

		memcpy(exact, buffer, length);
		struct cursor cursor = cursor_over(exact, length);
		assert_true(cursor_uvarint(&cursor) == value);
		assert_false(cursor.failed);
		assert_int_equal(cursor_left(&cursor), 0);
		cursor = cursor_over(exact, length - 1);
		cursor_uvarint(&cursor);
		assert_true(cursor.failed);
		free(exact);
	}
	const uint8_t endless[11] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1};
	struct cursor cursor = cursor_over(endless, sizeof(endless));
	assert_int_equal(cursor_uvarint(&cursor), 0);
	assert_true(cursor.failed);
}

static void test_table(void **state)
{
	uint64_t *table;
	size_t page = (size_t)sysconf(_SC_PAGESIZE), words = 4 * page / 8;

	(void)state;
	assert_success(big_table_alloc(words, 8, &table));
	for (size_t i = 0; i < words; i++)
		assert_int_equal(table[i], 0);
	table[0] = 1;
	table[page / 8] = 2;
	big_table_trim(table, words * 8, page + 8); /* two pages stay */
	assert_int_equal(table[page / 8], 2);
	table[2 * page / 8 - 1] = 3;
	big_table_free(table, page + 8);
	big_table_free(NULL, 100);
	assert_error(big_table_alloc(SIZE_MAX / 4, 8, &table), ERROR_LIMIT);
	assert_error(big_table_alloc(SIZE_MAX / 16, 8, &table), ERROR_SYSTEM);
	assert_success(big_table_alloc(0, 8, &table));
	big_table_free(table, 0);
}

struct counting {
	unsigned calls;
	unsigned workers;    /* bits of the numbers that came */
	unsigned fails_from; /* workers from here on fail */
};

static struct error *count_call(void *context, unsigned worker)
{
	struct counting *counting = context;

	__atomic_add_fetch(&counting->calls, 1, __ATOMIC_RELAXED);
	__atomic_fetch_or(&counting->workers, 1u << worker, __ATOMIC_RELAXED);
	if (worker >= counting->fails_from)
		return error_create(ERROR_LIMIT, "worker %u", worker);
	return NULL;
}

static void test_parallel(void **state)
{
	struct counting counting = {.fails_from = 100};
	struct parallel_task *task;

	(void)state;
	assert_success(parallel_run(5, count_call, &counting));
	assert_int_equal(counting.calls, 5);
	assert_int_equal(counting.workers, 0x1f);
	counting = (struct counting){.fails_from = 1};
	struct error *error = parallel_run(4, count_call, &counting);
	assert_non_null(error);
	assert_string_equal(error->message, "worker 1");
	assert_int_equal(counting.calls, 4);
	error_destroy(error);
	counting = (struct counting){.fails_from = 0};
	assert_success(parallel_start(count_call, &counting, &task));
	assert_error(parallel_join(task), ERROR_LIMIT);
	assert_true(parallel_width() >= 1 && parallel_width() <= 16);
}

/* Lists of every length that lead back to each of their elements, and one that ends. */
static void test_cycle(void **state)
{
	enum { LONGEST = 40 };

	(void)state;
	for (unsigned length = 1; length <= LONGEST; length++) {
		struct cycle straight = {0};

		for (unsigned at = 0; at < length; at++)
			assert_false(cycle_closes(&straight, 8 * at));
		for (unsigned back = 0; back < length; back++) {
			struct cycle cycle = {0};
			unsigned steps = 0, at = 0;

			for (; !cycle_closes(&cycle, 8 * at); steps++)
				at = at + 1 < length ? at + 1 : back;
			assert_in_range(steps, length, 5 * length);
		}
	}
}

/* Whoever reads while another thread adds finds what it has been told of, and never anything else.
 */
struct sharing {
	struct shared_map map;
	size_t added; /* atomic */
	bool wrong;
};

enum { SHARED_KEYS = 50000 };

static addr_t shared_key(size_t number)
{
	return (addr_t)(number + 1) << (number % 3 * 20);
}

static void check_shared(struct sharing *sharing, struct random *random)
{
	size_t added = __atomic_load_n(&sharing->added, __ATOMIC_ACQUIRE);
	size_t number = random_below(random, SHARED_KEYS);
	const void *value = NULL;
	bool found = shared_map_get(&sharing->map, shared_key(number), &value);

	if ((number < added && !found) || (found && (size_t)(uintptr_t)value != number + 7))
		sharing->wrong = true;
}

static struct error *share(void *context, unsigned worker)
{
	struct sharing *sharing = context;
	struct random random = random_from(worker);

	for (size_t i = 0; worker == 0 && i < SHARED_KEYS; i++) {
		shared_map_set(&sharing->map, shared_key(i), (const void *)(uintptr_t)(i + 7));
		__atomic_store_n(&sharing->added, i + 1, __ATOMIC_RELEASE);
	}
	while (__atomic_load_n(&sharing->added, __ATOMIC_ACQUIRE) < SHARED_KEYS)
		check_shared(sharing, &random);
	for (unsigned i = 0; i < SHARED_KEYS; i++)
		check_shared(sharing, &random);
	return NULL;
}

static void test_shared_map(void **state)
{
	struct sharing sharing = {0};
	const void *value;

	(void)state;
	assert_false(shared_map_get(&sharing.map, 5, &value));
	assert_success(parallel_run(3, share, &sharing));
	assert_false(sharing.wrong);
	assert_int_equal(sharing.map.count, SHARED_KEYS);
	shared_map_set(&sharing.map, shared_key(0), &sharing);
	assert_true(shared_map_get(&sharing.map, shared_key(0), &value));
	assert_ptr_equal(value, &sharing);
	assert_int_equal(sharing.map.count, SHARED_KEYS);
	shared_map_set(&sharing.map, 0, &sharing);
	assert_false(shared_map_get(&sharing.map, 0, &value));
	shared_map_deinit(&sharing.map);
	assert_false(shared_map_get(&sharing.map, shared_key(0), &value));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_error_chain),
		cmocka_unit_test(test_error_with_percent),
		cmocka_unit_test(test_error_of_system),
		cmocka_unit_test(test_error_of_address),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_vec),
		cmocka_unit_test(test_bitset),
		cmocka_unit_test(test_addrmap),
		cmocka_unit_test(test_shared_map),
		cmocka_unit_test(test_loads),
		cmocka_unit_test(test_cursor_bounds),
		cmocka_unit_test(test_uvarint),
		cmocka_unit_test(test_cycle),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_parallel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
