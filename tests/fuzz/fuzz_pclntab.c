/* The first bytes say how long the parts are; the rest are the parts. */
#include "bytes.h"
#include "fuzz.h"
#include "pclntab.h"

enum { TEXT = 0x401000, PARTS = 5, MAX_FUNCTIONS_ASKED = 64 };

static void ask(const struct pclntab *table, uint32_t number)
{
	struct function function, found;
	const char *file;
	int32_t delta;
	int line;

	if (!pclntab_function(table, number, &function))
		return;
	pclntab_find(table, function.entry, &found);
	for (addr_t pc = function.entry; pc < function.entry + 4; pc++) {
		pclntab_stack_delta(table, &function, pc, &delta);
		pclntab_line(table, &function, pc, &file, &line);
		for (unsigned i = 0; i < 5; i++)
			pclntab_pcdata(table, &function, i, pc);
	}
	for (unsigned i = 0; i < 5; i++)
		pclntab_funcdata(table, &function, i);
	pclntab_find_name(table, function.name, &found);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct cursor cursor = cursor_over(bytes, length);
	struct pclntab table = {.text = TEXT, .text_end = TEXT + 0x1000, .gofunc = 0x700000};
	struct blob *const parts[PARTS] = {
		&table.names, &table.units, &table.files, &table.pcvalues, &table.functions};

	table.magic = cursor_u8(&cursor) & 1 ? PCLNTAB_MAGIC_118 : PCLNTAB_MAGIC_120;
	table.min_instruction = cursor_u8(&cursor);
	table.function_count = cursor_u32(&cursor);
	for (unsigned i = 0; i < PARTS; i++)
		parts[i]->length = i + 1 < PARTS ? cursor_u8(&cursor) : cursor_left(&cursor);
	for (unsigned i = 0; i < PARTS; i++) {
		size_t part = cursor.failed ? 0 : MIN(parts[i]->length, cursor_left(&cursor));
		uint8_t *copy = memory_alloc(part); /* so that each part has an end of its own */

		if (part)
			memcpy(copy, cursor_take(&cursor, part), part);
		*parts[i] = (struct blob){copy, part};
	}
	if (fuzz_passed(pclntab_check(&table))) {
		for (uint32_t i = 0; i < MIN(table.function_count, (uint32_t)MAX_FUNCTIONS_ASKED);
			i++)
			ask(&table, i);
	}
	for (unsigned i = 0; i < PARTS; i++)
		free((void *)(uintptr_t)parts[i]->bytes);
	return 0;
}
