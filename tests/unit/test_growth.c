/* What stays of a collection, against the slow way; rates; names of findings in 64 bits. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "finding_kind.h"
#include "random.h"

#define FINGERPRINT 0x08300de5f146bfb1ull

enum { PAIRS = 2000, MAX_MEMBERS = 40, NUMBERS = 24 };

static int by_number(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

/* Few numbers, so that many members are there more than once. */
static void fill(struct random *random, struct collection *collection, uint64_t *members)
{
	*collection = (struct collection){
		.entries = random_below(random, MAX_MEMBERS), .known = true, .members = members};
	for (uint64_t i = 0; i < collection->entries; i++)
		members[i] = random_below(random, NUMBERS);
	if (collection->entries)
		qsort(members, collection->entries, sizeof(*members), by_number);
}

/* Each member of the one takes one equal member of the other away. */
static uint64_t slow_survivors(const struct collection *earlier, const struct collection *later)
{
	uint64_t left[MAX_MEMBERS], survivors = 0;
	uint64_t count = later->entries;

	memcpy(left, later->members, count * sizeof(*left));
	for (uint64_t i = 0; i < earlier->entries; i++) {
		for (uint64_t k = 0; k < count; k++) {
			if (left[k] != earlier->members[i])
				continue;
			left[k] = left[--count];
			survivors++;
			break;
		}
	}
	return survivors;
}

static void survivors_are_counted(void **state)
{
	uint64_t members[2][MAX_MEMBERS];
	struct collection earlier, later;

	(void)state;
	for (uint64_t seed = 0; seed < PAIRS; seed++) {
		struct random random = random_from(seed);

		fill(&random, &earlier, members[0]);
		fill(&random, &later, members[1]);
		assert_int_equal(
			census_survivors(&earlier, &later), slow_survivors(&earlier, &later));
	}
}

static void rates_are_by_the_minute(void **state)
{
	struct growth growth = {.elapsed_ns = 30 * 1000000000ull};

	(void)state;
	assert_int_equal(growth_per_minute(&growth, 1000), 2000);
	assert_int_equal(growth_per_minute(&growth, -50), -100);
	growth.elapsed_ns = 0; /* not known */
	assert_int_equal(growth_per_minute(&growth, 1000), 0);
}

/* What changes hands is no growth: 100 objects of which 30 died and 50 others were taken over, and
 * 7 were born. */
static void what_changes_hands_is_no_growth(void **state)
{
	const struct growth_holder holder = {
		.before = {.objects = 100, .bytes = 1000},
		.kept = {.objects = 70, .bytes = 700},
		.after = {.objects = 70 + 50 + 7, .bytes = 1270},
		.survived = {.objects = 70 + 50, .bytes = 1200},
	};

	(void)state;
	assert_int_equal(growth_holder_objects(&holder), 7 - 30);
	assert_int_equal(growth_holder_bytes(&holder), 70 - 300);
}

/* XXH64 of the id, computed by an implementation of its own of the specification
 * (doc/xxhash_spec.md). */
static void fingerprint_is_of_the_id(void **state)
{
	char subject[] = "main.sessions";
	struct finding finding = {.kind = &map_grows, .subject = subject};
	char *id = finding_id(&finding);

	(void)state;
	assert_string_equal(id, "map-grows/main.sessions");
	assert_int_equal(finding_fingerprint(&finding), FINGERPRINT);
	free(id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(survivors_are_counted),
		cmocka_unit_test(rates_are_by_the_minute),
		cmocka_unit_test(what_changes_hands_is_no_growth),
		cmocka_unit_test(fingerprint_is_of_the_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
