/* Which Go versions are known, and what their experiments change. */
#include "check.h"

#include <stdio.h>

#include "layout.h"
#include "memory.h"

static void test_known_versions(void **state)
{
	static const unsigned known[] = {19, 21, 22, 23, 24, 25, 26, 27};
	static const char *const forms[] = {"go1.%u", "go1.%u.3", "go1.%u.1-X:nogreenteagc",
		"go1.%u.5 X:boringcrypto", "go1.%urc2", "go1.%u.4-custom build"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(forms); k++) {
			char version[64];
			struct layout layout;

			snprintf(version, sizeof(version), forms[k], known[i]);
			assert_success(layout_for_version(version, PROCESSOR_AMD64, &layout));
			assert_int_equal(layout.minor, known[i]);
			assert_true(layout.g.size && layout.mspan.size && layout.moduledata.size);
		}
	}
}

static void test_unknown_versions(void **state)
{
	static const char *const unknown[] = {"", "go", "go1", "go1.", "go1.x", "go1.18",
		"go1.18.10", "go1.20", "go1.20.14", "go1.28", "go1.127", "go1.2", "go2.26",
		"go0.26", "devel", "devel go1.26-abcdef", "1.26", "go1.4294967322",
		"go1.17 or older"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		struct layout layout;
		struct error *error = layout_for_version(unknown[i], PROCESSOR_ARM64, &layout);

		if (!error)
			fail_msg("%s is taken for a known version", unknown[i]);
		assert_non_null(strstr(error->message, layout_versions));
		assert_error(error, ERROR_UNSUPPORTED);
	}
}

static struct features features_of(const char *version)
{
	struct layout layout;

	assert_success(layout_for_version(version, PROCESSOR_AMD64, &layout));
	return layout.features;
}

/* Experiments change what the version does by itself: internal/goexperiment/flags.go. */
static void test_experiments(void **state)
{
	(void)state;
	assert_true(features_of("go1.26.1").inline_marks);
	assert_false(features_of("go1.26.1-X:nogreenteagc").inline_marks);
	assert_false(features_of("go1.26.1 X:foo,nogreenteagc").inline_marks);
	assert_true(features_of("go1.26.1 X:nogreenteagc2").inline_marks);
	assert_false(features_of("go1.25.3").inline_marks);
	assert_true(features_of("go1.25.3 X:greenteagc").inline_marks);
	assert_true(features_of("go1.25.3 X:boringcrypto,greenteagc,x").inline_marks);
	assert_true(features_of("go1.24.2").swiss_maps);
	assert_false(features_of("go1.24.2 X:noswissmap").swiss_maps);
	assert_false(features_of("go1.23.5").swiss_maps);
	assert_int_equal(features_of("go1.22.1").heap_bitmap, HEAP_BITMAP_SPAN);
	assert_int_equal(
		features_of("go1.22.1 X:noallocheaders").heap_bitmap, HEAP_BITMAP_ARENA_1BIT);
	assert_int_equal(features_of("go1.21.1").heap_bitmap, HEAP_BITMAP_ARENA_1BIT);
	assert_int_equal(features_of("go1.19.1").heap_bitmap, HEAP_BITMAP_ARENA_2BIT);
}

/* By the DWARF of programs that were built so. */
static void test_fields_that_experiments_move(void **state)
{
	static const struct {
		const char *version;
		enum processor processor;
		uint32_t m_size, vdso_sp, p_size, timers;
	} cases[] = {
		{"go1.22.12 X:noexectracer2", PROCESSOR_AMD64, 2000, 1096, 8912, 8840},
		{"go1.24.4 X:nospinbitmutex", PROCESSOR_AMD64, 1800, 872, 8952, 8840},
		{"go1.25.12", PROCESSOR_AMD64, 1816, 896, 9512, 9392},
		{"go1.25.12 X:greenteagc", PROCESSOR_AMD64, 1816, 896, 13744, 13624},
		{"go1.25.12 X:greenteagc", PROCESSOR_ARM64, 1816, 896, 13744, 13624},
		{"go1.26.11", PROCESSOR_AMD64, 1824, 896, 15920, 13672},
		{"go1.26.11-X:nogreenteagc", PROCESSOR_AMD64, 1824, 896, 11664, 9416},
		{"go1.26.11-X:nogreenteagc", PROCESSOR_ARM64, 1824, 896, 10064, 9416},
		{"go1.27.4-X:nogreenteagc", PROCESSOR_AMD64, 1832, 896, 11664, 9416},
		{"go1.27.4-X:nogreenteagc", PROCESSOR_ARM64, 1832, 896, 10064, 9416},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct layout layout;

		assert_success(layout_for_version(cases[i].version, cases[i].processor, &layout));
		assert_int_equal(layout.m.size, cases[i].m_size);
		assert_int_equal(layout.m.vdso_sp.at, cases[i].vdso_sp);
		assert_int_equal(layout.p.size, cases[i].p_size);
		assert_int_equal(layout.p.timers.at, cases[i].timers);
	}
}

static void check_fields(const struct layout *layout)
{
	const char *base = (const char *)layout;
	uint32_t size = 0;

	for (size_t i = 0; i < layout_name_count; i++) {
		struct field field;

		if (!layout_names[i].field) {
			memcpy(&size, base + layout_names[i].at, sizeof(size));
			continue;
		}
		memcpy(&field, base + layout_names[i].at, sizeof(field));
		if (field_present(field) && size)
			assert_true(field.at + field.size <= size);
	}
}

/* No field lies outside of its structure; as the table has one size for each. */
static void test_fields_fit(void **state)
{
	(void)state;
	for (size_t version = 0; version < layout_table_count; version++) {
		check_fields(&layout_tables[version].layouts[PROCESSOR_AMD64]);
		check_fields(&layout_tables[version].layouts[PROCESSOR_ARM64]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_versions),
		cmocka_unit_test(test_unknown_versions),
		cmocka_unit_test(test_experiments),
		cmocka_unit_test(test_fields_that_experiments_move),
		cmocka_unit_test(test_fields_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
