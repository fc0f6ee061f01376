/* Pointer masks of types by their structure: random types against one byte for each word. */
#include "check.h"

#include "memory.h"
#include "pointer_map.h"
#include "random.h"

enum { SAMPLES = 3000, TYPES = 30, MAX_WORDS = 4096, MAX_FIELDS = 6 };

struct sample {
	struct types types;
	struct go_type *made[TYPES];
	bool words[TYPES][MAX_WORDS]; /* holds a pointer */
};

static type_ref ref_of(unsigned number)
{
	return TYPE_FROM_DWARF | (number + 1);
}

/* What is not made of other types: its size, and which of its words is a pointer (-1: none). */
static const struct {
	enum go_kind kind;
	uint64_t size;
	int pointer;
} simple[] = {
	{KIND_INT64, 8, -1},
	{KIND_UINT8, 1, -1},
	{KIND_POINTER, 8, 0},
	{KIND_STRING, 16, 0},
	{KIND_SLICE, 24, 0},
	{KIND_INTERFACE, 16, 1},
	{KIND_MAP, 8, 0},
	{KIND_CHAN, 8, 0},
	{KIND_FUNC, 8, 0},
	{KIND_UNSAFE_POINTER, 8, 0},
};

static void make_simple(struct sample *sample, unsigned number, unsigned which)
{
	sample->made[number]->kind = simple[which].kind;
	sample->made[number]->size = simple[which].size;
	if (simple[which].pointer >= 0)
		sample->words[number][simple[which].pointer] = true;
}

static void place(struct sample *sample, unsigned number, unsigned part, uint64_t offset)
{
	for (uint64_t i = 0; i < sample->made[part]->size / 8; i++)
		sample->words[number][offset / 8 + i] |= sample->words[part][i];
}

static void make_array(struct sample *sample, unsigned number, unsigned elem, uint32_t length)
{
	struct go_type *type = sample->made[number];

	type->kind = KIND_ARRAY;
	type->elem = ref_of(elem);
	while (length * sample->made[elem]->size / 8 >= MAX_WORDS)
		length /= 2;
	type->length = length;
	type->size = length * sample->made[elem]->size;
	for (uint32_t i = 0; i < length && sample->made[elem]->size % 8 == 0; i++)
		place(sample, number, elem, i * sample->made[elem]->size);
}

static void make_struct(struct sample *sample, unsigned number, struct random *random)
{
	struct go_type *type = sample->made[number];

	type->kind = KIND_STRUCT;
	type->fields = memory_array(MAX_FIELDS, sizeof(*type->fields));
	for (unsigned i = random_below(random, MAX_FIELDS + 1); i; i--) {
		unsigned part = random_below(random, number);
		uint64_t size = sample->made[part]->size;

		if ((type->size + size) / 8 + 2 >= MAX_WORDS)
			continue;
		if (size % 8 == 0)
			type->size = (type->size + 7) & ~7ull;
		type->fields[type->field_count++] =
			(struct go_field){memory_string("f"), ref_of(part), type->size, false};
		if (size % 8 == 0)
			place(sample, number, part, type->size);
		type->size += size;
	}
	type->size = (type->size + 7) & ~7ull;
}

static void make_sample(struct sample *sample, uint64_t seed)
{
	struct random random = random_from(seed);

	memset(sample, 0, sizeof(*sample));
	types_init(&sample->types, NULL);
	for (unsigned i = 0; i < TYPES; i++) {
		struct go_type *type = sample->made[i] = memory_alloc(sizeof(*type));

		type->name = memory_string("T");
		if (i < ARRAY_SIZE(simple))
			make_simple(sample, i, i);
		else if (random_below(&random, 3))
			make_struct(sample, i, &random);
		else
			make_array(sample, i, random_below(&random, i), random_below(&random, 20));
		for (uint64_t word = 0; word < type->size / 8; word++) {
			if (sample->words[i][word])
				type->pointer_bytes = 8 * (word + 1);
		}
		types_add(&sample->types, ref_of(i), type);
	}
}

static void test_random_types(void **state)
{
	static struct sample sample;

	(void)state;
	for (uint64_t seed = 0; seed < SAMPLES; seed++) {
		make_sample(&sample, seed);
		for (unsigned i = 0; i < TYPES; i++) {
			const struct go_type *type = sample.made[i];
			struct type_mask mask;

			if (!type->size)
				continue;
			assert_true(type_mask_build(&sample.types, type, MAX_WORDS, &mask));
			assert_int_equal(mask.size, type->size);
			assert_int_equal(mask.words, type->pointer_bytes / 8);
			for (uint64_t word = 0; word < mask.words; word++)
				assert_int_equal(
					bitset_has(mask.bits, word), sample.words[i][word]);
			free(mask.bits);
			if (mask.words)
				assert_false(type_mask_build(
					&sample.types, type, mask.words - 1, &mask));
		}
		types_deinit(&sample.types);
	}
}

/* A type that is made of itself, one that is larger than its size, one whose element is unknown. */
static void test_types_that_lie(void **state)
{
	static struct sample sample;
	struct type_mask mask;

	(void)state;
	make_sample(&sample, 1);
	struct go_type *type = sample.made[TYPES - 1];
	for (uint32_t i = 0; i < type->field_count; i++)
		free((char *)(uintptr_t)type->fields[i].name);
	type->field_count = 0;
	type->kind = KIND_ARRAY;
	type->size = type->pointer_bytes = 64;
	type->elem = ref_of(TYPES - 1);
	type->length = 1;
	assert_false(type_mask_build(&sample.types, type, MAX_WORDS, &mask));
	type->elem = ref_of(2);
	type->length = 9; /* nine pointers in 64 bytes */
	assert_false(type_mask_build(&sample.types, type, MAX_WORDS, &mask));
	type->length = UINT64_MAX / 8 + 2; /* its bytes overflow to 8 */
	assert_false(type_mask_build(&sample.types, type, MAX_WORDS, &mask));
	type->length = 8;
	assert_true(type_mask_build(&sample.types, type, MAX_WORDS, &mask));
	free(mask.bits);
	type->elem = ref_of(TYPES + 100);
	assert_false(type_mask_build(&sample.types, type, MAX_WORDS, &mask));
	types_deinit(&sample.types);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_types),
		cmocka_unit_test(test_types_that_lie),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
