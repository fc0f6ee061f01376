/* Build information, made as the linker does (Go, cmd/link/internal/ld/data.go, buildinfo()). */
#include "check.h"

#include "buildinfo.h"
#include "memory.h"

static const char MAGIC[] = "\xff Go buildinf:";

struct blob_under_test {
	uint8_t bytes[512];
	size_t length;
};

static void put(struct blob_under_test *blob, const void *bytes, size_t length)
{
	memcpy(blob->bytes + blob->length, bytes, length);
	blob->length += length;
}

/* At most 16383 bytes: a uvarint of two bytes. */
static void put_string(struct blob_under_test *blob, const char *text)
{
	size_t length = strlen(text);

	if (length >= 128)
		put(blob, &(uint8_t){(uint8_t)(length | 0x80)}, 1);
	put(blob, &(uint8_t){(uint8_t)(length >= 128 ? length >> 7 : length)}, 1);
	put(blob, text, length);
}

static void put_header(struct blob_under_test *blob, uint8_t flags)
{
	static const uint8_t zeros[16];

	put(blob, MAGIC, 14);
	put(blob, (const uint8_t[]){8, flags}, 2);
	put(blob, zeros, 16);
}

static struct blob_under_test make(const char *version, const char *modules)
{
	struct blob_under_test blob = {0};

	put_header(&blob, 2);
	put_string(&blob, version);
	put_string(&blob, modules);
	return blob;
}

/* Parses a copy that ends where its allocation ends. */
static bool parse(const struct blob_under_test *blob, size_t length, struct buildinfo *ret)
{
	uint8_t *exact = memory_alloc(length);

	memcpy(exact, blob->bytes, length);
	bool done = buildinfo_parse(exact, length, ret);
	free(exact);
	return done;
}

static void buildinfo_deinit(struct buildinfo *info)
{
	free(info->version);
	free(info->main_path);
}

static void test_inline_strings(void **state)
{
	struct blob_under_test blob = make("go1.26.1 X:greenteagc",
		"0123456789abcdef"
		"path\texample.com/cmd/api\nmod\texample.com\tv1.2.3\n"
		"fedcba9876543210");
	struct buildinfo info;

	(void)state;
	assert_true(parse(&blob, blob.length, &info));
	assert_string_equal(info.version, "go1.26.1 X:greenteagc");
	assert_string_equal(info.main_path, "example.com/cmd/api");
	buildinfo_deinit(&info);
}

static void test_long_module_information(void **state)
{
	char modules[300];
	struct buildinfo info;

	(void)state;
	memset(modules, '.', sizeof(modules));
	memcpy(modules + 16, "path\tmain\n", 10);
	modules[sizeof(modules) - 1] = '\0';
	struct blob_under_test blob = make("go1.19", modules);
	assert_true(parse(&blob, blob.length, &info));
	assert_string_equal(info.main_path, "main");
	buildinfo_deinit(&info);
}

static void test_without_module_information(void **state)
{
	struct blob_under_test blob = make("go1.21.13", "");
	struct buildinfo info;

	(void)state;
	assert_true(parse(&blob, blob.length, &info));
	assert_string_equal(info.version, "go1.21.13");
	assert_null(info.main_path);
	buildinfo_deinit(&info);
}

/* Up to Go 1.17 there are pointers instead of strings. Such a program is Go, and too old. */
static void test_pointers(void **state)
{
	struct blob_under_test blob = {0};
	struct buildinfo info;

	(void)state;
	put_header(&blob, 0);
	assert_true(parse(&blob, blob.length, &info));
	assert_non_null(strstr(info.version, "1.17"));
	assert_null(info.main_path);
	buildinfo_deinit(&info);
}

/* Cut anywhere, it is refused or gives the version, and nothing behind the end is read. */
static void test_truncated(void **state)
{
	struct blob_under_test blob =
		make("go1.22.12", "0123456789abcdefpath\tx\nfedcba9876543210");
	size_t version_end = 32 + 1 + strlen("go1.22.12");

	(void)state;
	for (size_t length = 0; length < blob.length; length++) {
		struct buildinfo info;
		bool done = parse(&blob, length, &info);

		assert_int_equal(done, length >= version_end);
		if (!done)
			continue;
		assert_string_equal(info.version, "go1.22.12");
		assert_null(info.main_path);
		buildinfo_deinit(&info);
	}
}

static void test_lengths_that_lie(void **state)
{
	static const uint8_t lengths[][10] = {
		{0}, /* no version */
		{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1},
		{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		{0x80, 0x80, 0x80, 0x80, 0x10}, {0x81, 1}, /* 129 bytes: longer than any version */
	};
	struct buildinfo info;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct blob_under_test blob = {0};

		put_header(&blob, 2);
		put(&blob, lengths[i], sizeof(lengths[i]));
		blob.length += 200;
		assert_false(parse(&blob, blob.length, &info));
	}
}

static void test_search(void **state)
{
	struct blob_under_test blob = make("go1.27.4", "");
	uint8_t bytes[600] = {0};
	struct buildinfo info;

	(void)state;
	memcpy(bytes + 7, MAGIC, 14);  /* not aligned */
	memcpy(bytes + 64, MAGIC, 14); /* aligned, with flags for pointers: would be accepted */
	bytes[64 + 15] = 2;            /* ... but says inline, with a version of no length */
	memcpy(bytes + 160, blob.bytes, blob.length);
	assert_true(buildinfo_search(bytes, sizeof(bytes), &info));
	assert_string_equal(info.version, "go1.27.4");
	buildinfo_deinit(&info);
	assert_false(buildinfo_search(bytes, 160, &info));
	assert_false(buildinfo_search(bytes, 0, &info));
	assert_false(buildinfo_search(bytes + 1, 400, &info)); /* now nothing is aligned */
	memcpy(bytes + 32, MAGIC, 14);                         /* a constant of the program */
	assert_true(buildinfo_search(bytes, sizeof(bytes), &info));
	assert_string_equal(info.version, "go1.27.4");
	buildinfo_deinit(&info);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inline_strings),
		cmocka_unit_test(test_long_module_information),
		cmocka_unit_test(test_without_module_information),
		cmocka_unit_test(test_pointers),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_lengths_that_lie),
		cmocka_unit_test(test_search),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
