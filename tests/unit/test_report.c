/* Tables, numbers and names as people see them, against the rules that their headers state. */
#include "check.h"

#include <locale.h>
#include <stdio.h>
#include <wchar.h>

#include "clean.h"
#include "columns.h"
#include "human.h"
#include "memory.h"
#include "random.h"
#include "table.h"

enum { SAMPLES = 20000 };

static void check_text(char *text, const char *expected)
{
	assert_string_equal(text, expected);
	free(text);
}

static void test_bytes(void **state)
{
	(void)state;
	check_text(human_bytes(0), "0 B");
	check_text(human_bytes(999), "999 B");
	check_text(human_bytes(1000), "1.00 kB");
	check_text(human_bytes(9430), "9.43 kB");
	check_text(human_bytes(612000000), "612 MB");
	check_text(human_bytes(1020000000), "1.02 GB");
	check_text(human_bytes(999499), "999 kB");
	check_text(human_bytes(999500), "1.00 MB");
	check_text(human_bytes(99949), "99.9 kB");
	check_text(human_bytes(99951), "100 kB");
}

static size_t digits_of(const char *text)
{
	size_t digits = 0;

	for (; *text; text++)
		digits += *text >= '0' && *text <= '9';
	return digits;
}

/* Read back, a number is what it was but for half of its last digit. */
static void test_bytes_read_back(void **state)
{
	static const char units[] = "BkMGTP";
	struct random random = random_from(9);

	(void)state;
	for (unsigned i = 0; i < SAMPLES; i++) {
		uint64_t bytes = random_word(&random) >> (10 + random_below(&random, 54));
		_cleanup_free_ char *text = human_bytes(bytes);
		double value, unit = 1;
		char letter;

		assert_int_equal(sscanf(text, "%lf %c", &value, &letter), 2);
		assert_non_null(strchr(units, letter));
		for (const char *at = units; *at != letter; at++)
			unit *= 1000;
		assert_true(value < 1000);
		assert_int_equal(digits_of(text), bytes < 1000 ? strspn(text, "0123456789") : 3);
		double error = value * unit - (double)bytes;
		assert_true(error * error <= (double)bytes * (double)bytes * 0.0051 * 0.0051);
	}
	check_text(human_bytes(UINT64_MAX), "18447 PB");
}

static void test_counts(void **state)
{
	struct random random = random_from(10);

	(void)state;
	check_text(human_count(440213), "440,213");
	check_text(human_rough_count(21700000), "21.7 M");
	check_text(human_rough_count(94), "94");
	check_text(human_rough_count(317000), "317 k");
	for (unsigned i = 0; i < SAMPLES; i++) {
		uint64_t count = random_word(&random) >> random_below(&random, 64);
		_cleanup_free_ char *text = human_count(count);
		uint64_t back = 0;
		size_t length = strlen(text);

		for (size_t k = 0; k < length; k++) {
			assert_int_equal(text[k] == ',', (length - k) % 4 == 0);
			if (text[k] != ',')
				back = back * 10 + (uint64_t)(text[k] - '0');
		}
		assert_true(back == count);
	}
}

static void test_durations(void **state)
{
	const uint64_t second = 1000000000;

	(void)state;
	check_text(human_duration(0), "0 ns");
	check_text(human_duration(412), "412 ns");
	check_text(human_duration(1200000), "1.2 ms");
	check_text(human_duration(3100000000), "3.1 s");
	check_text(human_duration(125 * second), "2m 5s");
	check_text(human_duration(4 * 3600 * second + 10 * 60 * second), "4h 10m");
	check_text(human_duration(3 * 86400 * second + 4 * 3600 * second), "3d 4h");
	check_text(human_duration(60 * second), "1m 0s");
	check_text(human_duration(86400 * second), "1d 0h");
}

/* Rounding must not make what the next unit is for. */
static void test_durations_that_round_up(void **state)
{
	(void)state;
	check_text(human_duration(999999), "1.0 ms");
	check_text(human_duration(999999999), "1.0 s");
	check_text(human_duration(59999999999), "1m 0s");
}

static void test_percent(void **state)
{
	struct random random = random_from(11);

	(void)state;
	check_text(human_percent(1, 1), "100 %");
	check_text(human_percent(0, 0), "0.0 %");
	check_text(human_percent(999999, 1000000), "99.9 %");
	check_text(human_percent(1, 2), "50.0 %");
	for (unsigned i = 0; i < SAMPLES; i++) {
		uint64_t whole = 1 + random_below(&random, 100000);
		uint64_t part = random_below(&random, (uint32_t)whole);
		_cleanup_free_ char *text = human_percent(part, whole);
		double shown, exact = 100.0 * (double)part / (double)whole;

		assert_int_equal(sscanf(text, "%lf %%", &shown), 1);
		assert_true(shown < 100 && shown - exact < 0.051 && exact - shown < 0.1);
	}
}

/* Is a string what the C library's own decoder takes, without control characters? It also takes
 * what is beyond Unicode, and surrogates. */
static bool is_clean(const char *text)
{
	mbstate_t decoder = {0};
	size_t left = strlen(text);

	while (left) {
		wchar_t character;
		size_t length = mbrtowc(&character, text, left, &decoder);

		if (length == 0 || length > left || character < 0x20 ||
			(character >= 0x7f && character < 0xa0) || character > 0x10ffff ||
			(character >= 0xd800 && character < 0xe000))
			return false;
		text += length;
		left -= length;
	}
	return true;
}

static void test_clean(void **state)
{
	struct random random = random_from(12);

	(void)state;
	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8")); /* glibc has it built in since 2.35 */
	for (unsigned i = 0; i < SAMPLES * 10; i++) {
		static const unsigned char likely[] = {0xc2, 0xe0, 0xed, 0xf0, 0xf4, 0x80, 0x8f,
			0x90, 0x9f, 0xa0, 0xbf, 0x1b, 'a', 0xff};
		size_t length = random_below(&random, 8);
		char *text = memory_alloc(length + 1), before[9] = "";

		for (size_t k = 0; k < length; k++)
			text[k] = (char)(random_below(&random, 2)
						 ? likely[random_below(&random, ARRAY_SIZE(likely))]
						 : 1 + random_below(&random, 255));
		strcpy(before, text);
		assert_ptr_equal(clean_text(text), text);
		assert_int_equal(strlen(text), length);
		assert_true(is_clean(text));
		if (is_clean(before))
			assert_string_equal(text, before);
		free(text);
	}
}

static void test_clean_by_hand(void **state)
{
	char escape[] = "a\x1b[31mb\n\t", c1[] = "x\xc2\x9bz", overlong[] = "\xc0\xaf",
	     cut[] = "\xe2\x82";
	char good[] = "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80";

	(void)state;
	assert_string_equal(clean_text(escape), "a?[31mb??");
	assert_string_equal(clean_text(c1), "x??z");
	assert_string_equal(clean_text(overlong), "??");
	assert_string_equal(clean_text(cut), "??");
	assert_string_equal(clean_text(good), "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
}

static const struct column columns[] = {
	{"#", "number", CELL_COUNT, false},
	{"holds", "bytes", CELL_BYTES, false},
	{NULL, "only_json", CELL_TEXT, false},
	{"what", "what", CELL_TEXT, true},
	{"where", NULL, CELL_TEXT, true},
};

static void add_row(struct table *table, uint64_t bytes, const char *what, const char *where)
{
	table_row(table);
	table_number(table, table_rows(table) + 1);
	table_number(table, bytes);
	table_text(table, "hidden");
	table_text(table, what);
	table_text(table, where);
}

static char *render(const struct table *table, unsigned width)
{
	const struct terminal terminal = {.width = width};
	struct text text = {0};

	table_render(table, &terminal, &text);
	return text_take(&text);
}

static void test_alignment(void **state)
{
	struct table *table = table_create(columns, ARRAY_SIZE(columns));

	(void)state;
	add_row(table, 1, "main.a", "x.go");
	add_row(table, 612000000, "caf\xc3\xa9", "");
	table_note(table, memory_string("a note"));
	table_row(table);
	table_none(table); /* the rest of the row is empty as well */
	table_row(table);
	assert_int_equal(table_rows(table), 3);
	check_text(render(table, 0), "#   holds  what    where\n"
				     "1     1 B  main.a  x.go\n"
				     "2  612 MB  caf\xc3\xa9    \n"
				     "             a note\n"
				     "                   \n");
	table_destroy(table);
}

/* Whatever the width, no line is wider, as long as columns can shrink to their least width. */
static void test_narrow(void **state)
{
	struct table *table = table_create(columns, ARRAY_SIZE(columns));

	(void)state;
	add_row(table, 1, "a name that is much longer than anything has room for",
		"and \xe2\x82\xac\xe2\x82\xac\xe2\x82\xac wide characters "
		"\xe2\x82\xac\xe2\x82\xac");
	table_note(table, memory_string("this note is longer than most of the terminals here are"));
	for (unsigned width = 40; width < 140; width++) {
		_cleanup_free_ char *text = render(table, width);
		char *rest = text;

		for (char *line; (line = strsep(&rest, "\n"));) {
			assert_true(text_columns(line) <= width);
			clean_text(line); /* no character was cut in two */
			assert_null(strchr(line, '?'));
		}
	}
	table_destroy(table);
}

static const struct column folding_columns[] = {
	{"bytes", NULL, CELL_BYTES, false},
	{"at", NULL, CELL_ADDRESS, false, true},
	{"type", NULL, CELL_TEXT, true, true},
	{NULL, "only_json", CELL_TEXT, false, true},
	{"name", NULL, CELL_TEXT, true},
};

static void add_folding_row(struct table *table, const char *type, const char *name)
{
	table_row(table);
	table_number(table, 1);
	table_number(table, 0xc000123456);
	table_text(table, type);
	table_text(table, "hidden");
	table_text(table, name);
}

/* No more columns go under their rows than must, and then nothing of the others is cut. */
static void test_folded(void **state)
{
	struct table *table = table_create(folding_columns, ARRAY_SIZE(folding_columns));

	(void)state;
	add_folding_row(table, "map[int]int", "main.first");
	add_folding_row(table, "", "main.theSecond");
	table_note(table, memory_string("a note"));
	check_text(render(table, 48), "bytes            at  type         name\n"
				      "  1 B  0xc000123456  map[int]int  main.first\n"
				      "  1 B  0xc000123456               main.theSecond\n"
				      "                       a note\n");
	check_text(render(table, 47), "bytes  type         name\n"
				      "  1 B  map[int]int  main.first\n"
				      "  at 0xc000123456\n"
				      "  1 B               main.theSecond\n"
				      "  at 0xc000123456\n"
				      "         a note\n");
	check_text(render(table, 30), "bytes  name\n"
				      "  1 B  main.first\n"
				      "  at 0xc000123456, type\n"
				      "  map[int]int\n"
				      "  1 B  main.theSecond\n"
				      "  at 0xc000123456\n"
				      "         a note\n");
	table_destroy(table);
}

static void test_cut(void **state)
{
	static const char name[] = "ab\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80xyz"; /* 8 characters */
	struct text text = {0};

	(void)state;
	assert_int_equal(text_columns(name), 8);
	for (size_t columns_there = 3; columns_there < 12; columns_there++) {
		text_add_cut(&text, name, columns_there);
		_cleanup_free_ char *cut = text_take(&text);
		const char *dots = strstr(cut, "...");

		assert_int_equal(text_columns(cut), MIN(columns_there, (size_t)8));
		assert_int_equal(dots != NULL, columns_there < 8);
		if (!dots)
			continue;
		size_t end = strlen(dots + 3);
		assert_memory_equal(cut, name, (size_t)(dots - cut));
		assert_string_equal(dots + 3, name + strlen(name) - end);
	}
	text_add_cut(&text, "", 0);
	check_text(text_take(&text), "");
}

/* What tells rows apart is kept: the kind that leads, and the name without its path. */
static void test_cut_names(void **state)
{
	static const struct {
		const char *text;
		size_t columns;
		const char *cut;
	} samples[] = {
		{"example.com/service/internal/cache.sessions", 24, "cache.sessions"},
		{"example.com/service/internal/cache.sessions", 12, "cac...ssions"},
		{"map[string]*example.com/service.Session", 20, "map[s...vice.Session"},
		{"goroutine net/http.(*conn).serve x300", 33, "goroutine http.(*conn).serve x300"},
		{"goroutine net/http.(*conn).serve x300", 28, "goroutine ...onn).serve x300"},
		{"likely never wakes: main.(*conn).open.func1 at main.go:134", 50,
			"likely never wakes: ...).open.func1 at main.go:134"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		struct text text = {0};

		text_add_cut(&text, samples[i].text, samples[i].columns);
		check_text(text_take(&text), samples[i].cut);
	}
}

/* The same cells in JSON: types are kept, names are clean, empty is null. */
static void test_json(void **state)
{
	struct table *table = table_create(columns, ARRAY_SIZE(columns));

	(void)state;
	add_row(table, UINT32_MAX, "bad \xff name\x1b", "not in json");
	table_row(table);
	table_none(table);
	json_t *rows = table_to_json(table);
	assert_int_equal(json_array_size(rows), 2);
	json_t *row = json_array_get(rows, 0);
	assert_int_equal(json_integer_value(json_object_get(row, "bytes")), UINT32_MAX);
	assert_string_equal(json_string_value(json_object_get(row, "what")), "bad ? name?");
	assert_string_equal(json_string_value(json_object_get(row, "only_json")), "hidden");
	assert_int_equal(json_object_size(row), 4);
	assert_true(json_is_null(json_object_get(json_array_get(rows, 1), "bytes")));
	char *text = json_dumps(rows, 0);
	assert_non_null(text); /* jansson refuses invalid UTF-8 */
	free(text);
	json_decref(rows);
	table_destroy(table);
}

static void test_address_cells(void **state)
{
	static const struct column address[] = {{"at", "at", CELL_ADDRESS, false}};
	struct table *table = table_create(address, 1);

	(void)state;
	table_row(table);
	table_number(table, 0xc000123456);
	check_text(render(table, 0), "          at\n0xc000123456\n");
	json_t *rows = table_to_json(table);
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(rows, 0), "at")), "0xc000123456");
	json_decref(rows);
	table_destroy(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_bytes_read_back),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_durations_that_round_up),
		cmocka_unit_test(test_percent),
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_clean_by_hand),
		cmocka_unit_test(test_alignment),
		cmocka_unit_test(test_narrow),
		cmocka_unit_test(test_folded),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_cut_names),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_address_cells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
