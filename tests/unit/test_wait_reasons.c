/* The wait reasons of each Go version, against the source of those versions that are at hand. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "layout.h"
#include "memory.h"
#include "vec.h"

/* runtime/runtime2.go: constants count up in their block; texts are in an array by constant. */
struct source {
	char *text;
	VEC(char *) constants;
};

static char *read_file(const char *path)
{
	_cleanup_file_ FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t capacity = 0;

	if (file && getdelim(&text, &capacity, '\0', file) > 0)
		return text;
	free(text);
	return NULL;
}

static void find_constants(struct source *source)
{
	const char *at = strstr(source->text, "\twaitReasonZero ");
	const char *end = at ? strstr(at, "\n)") : NULL;

	for (; at && at < end; at = strchr(at + 1, '\n')) {
		const char *name = at + strspn(at, "\n\t");

		if (!strncmp(name, "waitReason", 10))
			vec_push(&source->constants, memory_string_n(name, strcspn(name, " \t\n")));
	}
}

/* The text of a constant: `\tNAME: "TEXT",`. NULL: none. malloc()ed. */
static char *find_text(const struct source *source, const char *constant)
{
	_cleanup_free_ char *key = memory_format("\t%s:", constant);
	const char *at = strstr(source->text, key);

	if (!at)
		return NULL;
	at = strchr(at, '"') + 1;
	return memory_string_n(at, strcspn(at, "\""));
}

static void check_wait_reasons(unsigned minor, struct source *source)
{
	_cleanup_free_ char *version = memory_format("go1.%u", minor);
	struct layout layout;

	assert_success(layout_for_version(version, PROCESSOR_AMD64, &layout));
	find_constants(source);
	assert_in_range(source->constants.count, 20, 100);
	for (unsigned i = 0; i < 256; i++) {
		const char *known = layout_wait_reason(&layout, (uint8_t)i);
		_cleanup_free_ char *text = i < source->constants.count
						    ? find_text(source, source->constants.items[i])
						    : NULL;

		if (!known != !text || (known && strcmp(known, text) != 0))
			fail_msg("1.%u: wait reason %u is \"%s\", not \"%s\"", minor, i,
				text ? text : "(none)", known ? known : "(none)");
	}
}

static void source_deinit(struct source *source)
{
	vec_foreach (constant, &source->constants)
		free(*constant);
	vec_deinit(&source->constants);
	free(source->text);
}

/* The list has lines "1.MINOR GOROOT": scripts/go-trees. */
static void test_wait_reasons(void **state)
{
	const char *list = getenv("SILT_GO_TREE_LIST");
	_cleanup_file_ FILE *file = list ? fopen(list, "re") : NULL;
	unsigned minor, checked = 0;
	char root[4096];

	(void)state;
	while (file && fscanf(file, "1.%u %4095s ", &minor, root) == 2) {
		_cleanup_free_ char *path = memory_format("%s/src/runtime/runtime2.go", root);
		struct source source = {.text = read_file(path)};

		if (source.text) {
			check_wait_reasons(minor, &source);
			checked++;
		}
		source_deinit(&source);
	}
	assert_true(checked > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wait_reasons),
	};
	const char *list = getenv("SILT_GO_TREE_LIST");

	if (!list || access(list, R_OK) < 0) {
		puts("1..0 # SKIP no Go source at hand: see scripts/go-trees");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
