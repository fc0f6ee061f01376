/* Function tables, written as the linker writes them (Go, cmd/link/internal/ld/pcln.go), read back.
 */
#include "check.h"

#include <stdio.h>

#include "bytes.h"
#include "memory.h"
#include "pclntab.h"
#include "random.h"
#include "vec.h"

enum {
	TEXT = 0x401000,
	GOFUNC = 0x700000,
	TABLES = 200,
	MAX_FUNCTIONS = 12,
	MAX_PIECES = 8,
	PCDATA = 3,
	FUNCDATA = 4,
	FILES = 5,
	NONE = -1,
};

/* What a value is from a pc on, as a person would write it down. */
struct piece_of_code {
	uint32_t end; /* offset from the text */
	int32_t value;
};

struct value_table {
	unsigned count;
	struct piece_of_code pieces[MAX_PIECES];
};

struct sample_function {
	char name[24];
	uint32_t entry, end;
	int32_t args;
	uint32_t deferreturn;
	struct value_table stack, file, line, pcdata[PCDATA];
	bool has_pcdata[PCDATA];
	uint32_t funcdata[FUNCDATA]; /* 0: none */
	uint8_t id, flags;
};

struct bytes {
	VEC(uint8_t) list;
};

struct sample {
	struct sample_function functions[MAX_FUNCTIONS];
	unsigned count, instruction;
	struct bytes names, units, files, pcvalues, table;
	struct pclntab pclntab;
};

static void put(struct bytes *bytes, const void *from, size_t length)
{
	vec_reserve(&bytes->list, bytes->list.count + length);
	memcpy(bytes->list.items + bytes->list.count, from, length);
	bytes->list.count += length;
}

static void put_u32(struct bytes *bytes, uint32_t value)
{
	put(bytes, &value, sizeof(value));
}

static void put_uvarint(struct bytes *bytes, uint32_t value)
{
	for (; value >= 0x80; value >>= 7)
		vec_push(&bytes->list, (uint8_t)(value | 0x80));
	vec_push(&bytes->list, (uint8_t)value);
}

/* Pairs of deltas: of the value (zigzag, from -1) and of the pc; 0 ends. */
static uint32_t put_values(struct sample *sample, const struct sample_function *function,
	const struct value_table *table)
{
	uint32_t at = (uint32_t)sample->pcvalues.list.count, pc = function->entry;
	int32_t value = -1;

	for (unsigned i = 0; i < table->count; i++) {
		int32_t delta = table->pieces[i].value - value;

		put_uvarint(&sample->pcvalues, (uint32_t)delta << 1 ^ (uint32_t)(delta >> 31));
		put_uvarint(&sample->pcvalues, (table->pieces[i].end - pc) / sample->instruction);
		value = table->pieces[i].value;
		pc = table->pieces[i].end;
	}
	put_uvarint(&sample->pcvalues, 0);
	return at;
}

/* Neighbours have different values; else they would be one piece. */
static struct value_table random_values(struct random *random,
	const struct sample_function *function, unsigned instruction, int32_t limit)
{
	struct value_table table = {0};
	uint32_t pc = function->entry;
	int32_t last = NONE;

	while (pc < function->end && table.count < MAX_PIECES) {
		struct piece_of_code *piece = &table.pieces[table.count++];

		pc += instruction * (1 + random_below(random, 300));
		piece->end = table.count == MAX_PIECES || pc > function->end ? function->end : pc;
		do
			piece->value = (int32_t)random_below(random, (uint32_t)limit);
		while (piece->value == last);
		last = piece->value;
	}
	return table;
}

static void make_function(struct sample *sample, struct random *random, unsigned number)
{
	struct sample_function *function = &sample->functions[number];
	unsigned unit = sample->instruction;

	*function = (struct sample_function){
		.entry = number ? function[-1].end : 16 * random_below(random, 3),
		.args = random_below(random, 5) ? (int32_t)random_below(random, 100) * 8
						: FUNCTION_ARGS_UNKNOWN,
		.deferreturn = random_below(random, 50),
		.id = (uint8_t)random_below(random, 256),
		.flags = (uint8_t)random_below(random, 8),
	};
	snprintf(function->name, sizeof(function->name), "main.f%u", number % 7);
	function->end = function->entry + unit * (1 + random_below(random, 500));
	function->stack = random_values(random, function, unit, 4096);
	function->file = random_values(random, function, unit, FILES);
	function->line = random_values(random, function, unit, 100000);
	for (unsigned i = 0; i < PCDATA; i++) {
		function->has_pcdata[i] = random_below(random, 2);
		if (function->has_pcdata[i])
			function->pcdata[i] = random_values(random, function, unit, 50);
	}
	for (unsigned i = 0; i < FUNCDATA; i++)
		function->funcdata[i] = random_below(random, 3) ? 8 * random_below(random, 999) : 0;
}

/* runtime._func: 40 bytes before startLine came (1.20), 44 since. */
static void put_func(struct sample *sample, const struct sample_function *function, uint32_t name)
{
	uint32_t unit = FILES * (uint32_t)(function - sample->functions);
	struct bytes *table = &sample->table;

	put_u32(table, function->entry);
	put_u32(table, name);
	put_u32(table, (uint32_t)function->args);
	put_u32(table, function->deferreturn);
	put_u32(table, put_values(sample, function, &function->stack));
	put_u32(table, put_values(sample, function, &function->file));
	put_u32(table, put_values(sample, function, &function->line));
	put_u32(table, PCDATA);
	put_u32(table, unit);
	if (sample->pclntab.magic == PCLNTAB_MAGIC_120)
		put_u32(table, 4711); /* startLine */
	put(table, (const uint8_t[]){function->id, function->flags, 0, FUNCDATA}, 4);
	for (unsigned i = 0; i < PCDATA; i++)
		put_u32(table, function->has_pcdata[i]
				       ? put_values(sample, function, &function->pcdata[i])
				       : 0);
	for (unsigned i = 0; i < FUNCDATA; i++)
		put_u32(table, function->funcdata[i] ? function->funcdata[i] : UINT32_MAX);
}

/* File f of unit u is "u/f.go"; the last file of every unit is not recorded. */
static void put_files(struct sample *sample)
{
	for (unsigned i = 0; i < FILES * sample->count; i++) {
		char name[32];
		int length = snprintf(name, sizeof(name), "%u/%u.go", i / FILES, i % FILES) + 1;

		put_u32(&sample->units,
			i % FILES == FILES - 1 ? UINT32_MAX : (uint32_t)sample->files.list.count);
		put(&sample->files, name, (size_t)length);
	}
}

static void view(struct blob *blob, const struct bytes *bytes)
{
	*blob = (struct blob){bytes->list.items, bytes->list.count};
}

static void view_tables(struct sample *sample)
{
	view(&sample->pclntab.names, &sample->names);
	view(&sample->pclntab.units, &sample->units);
	view(&sample->pclntab.files, &sample->files);
	view(&sample->pclntab.pcvalues, &sample->pcvalues);
	view(&sample->pclntab.functions, &sample->table);
}

static void make_sample(struct sample *sample, uint64_t seed)
{
	struct random random = random_from(seed);

	memset(sample, 0, sizeof(*sample));
	sample->count = 1 + random_below(&random, MAX_FUNCTIONS);
	sample->instruction = 1u << random_below(&random, 3);
	sample->pclntab.magic = seed & 1 ? PCLNTAB_MAGIC_118 : PCLNTAB_MAGIC_120;
	for (unsigned i = 0; i < sample->count; i++)
		make_function(sample, &random, i);
	put_uvarint(&sample->pcvalues, 0); /* offset 0 means that there is no table */
	for (unsigned i = 0; i <= sample->count; i++) {
		put_u32(&sample->table, sample->functions[i < sample->count ? i : i - 1].entry);
		put_u32(&sample->table, 0);
	}
	for (unsigned i = 0; i < sample->count; i++) {
		uint32_t record = (uint32_t)sample->table.list.count;
		uint32_t name = (uint32_t)sample->names.list.count;

		memcpy(sample->table.list.items + 8 * i + 4, &record, 4);
		put(&sample->names, sample->functions[i].name,
			strlen(sample->functions[i].name) + 1);
		put_func(sample, &sample->functions[i], name);
	}
	memcpy(sample->table.list.items + 8 * sample->count,
		&sample->functions[sample->count - 1].end, 4);
	put_files(sample);
	sample->pclntab.min_instruction = (uint8_t)sample->instruction;
	sample->pclntab.function_count = sample->count;
	sample->pclntab.text = TEXT;
	sample->pclntab.text_end = TEXT + sample->functions[sample->count - 1].end;
	sample->pclntab.gofunc = GOFUNC;
	view_tables(sample);
}

static void sample_deinit(struct sample *sample)
{
	vec_deinit(&sample->names.list);
	vec_deinit(&sample->units.list);
	vec_deinit(&sample->files.list);
	vec_deinit(&sample->pcvalues.list);
	vec_deinit(&sample->table.list);
}

static int32_t value_at(const struct value_table *table, uint32_t pc, int32_t otherwise)
{
	for (unsigned i = 0; i < table->count; i++) {
		if (pc < table->pieces[i].end)
			return table->pieces[i].value;
	}
	return otherwise;
}

static void check_pc(const struct sample *sample, const struct sample_function *expected,
	const struct function *function, uint32_t pc)
{
	const struct pclntab *pclntab = &sample->pclntab;
	int32_t delta = -7;
	int line;
	const char *file;
	char path[32];
	int32_t number = value_at(&expected->file, pc, NONE);

	assert_true(pclntab_stack_delta(pclntab, function, TEXT + pc, &delta));
	assert_int_equal(delta, value_at(&expected->stack, pc, NONE));
	for (unsigned i = 0; i < PCDATA; i++)
		assert_int_equal(pclntab_pcdata(pclntab, function, i, TEXT + pc),
			value_at(&expected->pcdata[i], pc, -1));
	assert_int_equal(pclntab_pcdata(pclntab, function, PCDATA, TEXT + pc), -1);
	bool recorded = pclntab_line(pclntab, function, TEXT + pc, &file, &line);
	assert_int_equal(recorded, number != FILES - 1);
	if (!recorded)
		return;
	snprintf(path, sizeof(path), "%u/%d.go", (unsigned)(expected - sample->functions), number);
	assert_string_equal(file, path);
	assert_int_equal(line, value_at(&expected->line, pc, NONE));
}

static void check_function(
	const struct sample *sample, const struct sample_function *expected, struct random *random)
{
	struct function function;
	uint32_t length = expected->end - expected->entry;

	assert_true(pclntab_find(&sample->pclntab,
		TEXT + expected->entry + random_below(random, length), &function));
	assert_int_equal(function.entry, TEXT + expected->entry);
	assert_int_equal(function.end, TEXT + expected->end);
	assert_string_equal(function.name, expected->name);
	assert_int_equal(function.args, expected->args);
	assert_int_equal(function.deferreturn, expected->deferreturn);
	assert_int_equal(function.id, expected->id);
	assert_int_equal(function.flags, expected->flags);
	for (unsigned i = 0; i < FUNCDATA; i++)
		assert_int_equal(pclntab_funcdata(&sample->pclntab, &function, i),
			expected->funcdata[i] ? GOFUNC + expected->funcdata[i] : 0);
	assert_int_equal(pclntab_funcdata(&sample->pclntab, &function, FUNCDATA), 0);
	check_pc(sample, expected, &function, expected->entry);
	check_pc(sample, expected, &function, expected->end - 1);
	for (unsigned i = 0; i < 20; i++)
		check_pc(sample, expected, &function,
			expected->entry + random_below(random, length));
}

/* The longest function of a name, the first of those that are equally long. */
static const struct sample_function *longest_of(const struct sample *sample, const char *name)
{
	const struct sample_function *found = NULL;

	for (unsigned i = 0; i < sample->count; i++) {
		const struct sample_function *function = &sample->functions[i];

		if (!strcmp(function->name, name) &&
			(!found || function->end - function->entry > found->end - found->entry))
			found = function;
	}
	return found;
}

static void test_random_tables(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < TABLES; seed++) {
		struct random random = random_from(seed + 1000);
		struct sample sample;
		struct function function;

		make_sample(&sample, seed);
		assert_success(pclntab_check(&sample.pclntab));
		for (unsigned i = 0; i < sample.count; i++) {
			const struct sample_function *expected = &sample.functions[i];

			check_function(&sample, expected, &random);
			assert_true(pclntab_find_name(&sample.pclntab, expected->name, &function));
			assert_int_equal(
				function.entry, TEXT + longest_of(&sample, expected->name)->entry);
		}
		assert_false(pclntab_find(&sample.pclntab, sample.pclntab.text_end, &function));
		assert_false(pclntab_find(
			&sample.pclntab, TEXT + sample.functions[0].entry - 1, &function));
		assert_false(pclntab_find(&sample.pclntab, 0, &function));
		assert_false(pclntab_find_name(&sample.pclntab, "main.none", &function));
		assert_false(pclntab_function(&sample.pclntab, sample.count, &function));
		sample_deinit(&sample);
	}
}

/* Asks everything that can be asked. What is answered does not matter, but that nothing is read
 * outside: sanitizers see that. */
static void ask_everything(const struct pclntab *pclntab)
{
	for (uint32_t number = 0; number < pclntab->function_count; number++) {
		struct function function, same;
		const char *file;
		int32_t delta;
		int line;

		if (!pclntab_function(pclntab, number, &function))
			continue;
		assert_non_null(function.name);
		pclntab_find(pclntab, function.entry, &same);
		for (addr_t pc = function.entry; pc < function.entry + 3; pc++) {
			pclntab_stack_delta(pclntab, &function, pc, &delta);
			pclntab_line(pclntab, &function, pc, &file, &line);
		}
		for (unsigned i = 0; i <= PCDATA + FUNCDATA; i++) {
			pclntab_pcdata(pclntab, &function, i, function.entry);
			pclntab_funcdata(pclntab, &function, i);
		}
	}
}

/* A copy that ends where its allocation ends. */
static struct blob exact(struct blob blob, size_t length)
{
	uint8_t *copy = memory_alloc(length);

	memcpy(copy, blob.bytes, length);
	return (struct blob){copy, length};
}

static void test_damaged_tables(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < TABLES * 10; seed++) {
		struct random random = random_from(seed);
		struct sample sample;

		make_sample(&sample, seed);
		struct pclntab damaged = sample.pclntab;
		struct blob *const blobs[] = {&damaged.names, &damaged.units, &damaged.files,
			&damaged.pcvalues, &damaged.functions};
		unsigned cut = random_below(&random, ARRAY_SIZE(blobs) + 1);
		for (unsigned i = 0; i < ARRAY_SIZE(blobs); i++) {
			size_t length = blobs[i]->length;

			if (i == cut)
				length = random_below(&random, (uint32_t)length);
			*blobs[i] = exact(*blobs[i], length);
		}
		for (unsigned i = random_below(&random, 6); i && damaged.functions.length; i--) {
			uint32_t at = random_below(&random, (uint32_t)damaged.functions.length);

			((uint8_t *)(uintptr_t)damaged.functions.bytes)[at] =
				(uint8_t)random_below(&random, 256);
		}
		struct error *error = pclntab_check(&damaged);
		if (error)
			assert_error(error, ERROR_LAYOUT);
		else
			ask_everything(&damaged);
		for (unsigned i = 0; i < ARRAY_SIZE(blobs); i++)
			free((void *)(uintptr_t)blobs[i]->bytes);
		sample_deinit(&sample);
	}
}

static void test_check(void **state)
{
	struct sample sample;

	(void)state;
	make_sample(&sample, 3);
	assert_true(sample.count > 1);
	struct pclntab pclntab = sample.pclntab;
	pclntab.function_count = 0;
	assert_error(pclntab_check(&pclntab), ERROR_LAYOUT);
	pclntab.function_count = UINT32_MAX;
	assert_error(pclntab_check(&pclntab), ERROR_LAYOUT);
	pclntab = sample.pclntab;
	pclntab.functions.length--;
	assert_success(pclntab_check(&pclntab)); /* cuts only funcdata of the last function */
	pclntab.functions.length = 8 * sample.count + 7;
	assert_error(pclntab_check(&pclntab), ERROR_LAYOUT);
	uint32_t huge = UINT32_MAX;
	memcpy(sample.table.list.items, &huge, 4); /* not sorted */
	assert_error(pclntab_check(&sample.pclntab), ERROR_LAYOUT);
	memset(sample.table.list.items, 0, 4);
	memcpy(sample.table.list.items + 4, &huge, 4); /* a record outside */
	assert_error(pclntab_check(&sample.pclntab), ERROR_LAYOUT);
	sample_deinit(&sample);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_tables),
		cmocka_unit_test(test_damaged_tables),
		cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
