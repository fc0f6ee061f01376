#include "pclntab.h"

#include <string.h>

#include "bytes.h"
#include "memory.h"

enum {
	FUNCTAB_ENTRY = 8, /* entryoff u32, funcoff u32 */
	FUNC_SIZE_118 = 40,
	FUNC_SIZE_120 = 44,
	NO_FUNCDATA = 0xffffffffu,
	NO_FILE = 0xffffffffu,
};

static uint32_t record_size(const struct pclntab *table)
{
	return table->magic == PCLNTAB_MAGIC_118 ? FUNC_SIZE_118 : FUNC_SIZE_120;
}

/* The table has function_count entries and one more whose entryoff is the end of the text. */
static uint32_t entry_offset(const struct pclntab *table, uint32_t number)
{
	return load_u32(table->functions.bytes + (size_t)number * FUNCTAB_ENTRY);
}

static uint32_t record_offset(const struct pclntab *table, uint32_t number)
{
	return load_u32(table->functions.bytes + (size_t)number * FUNCTAB_ENTRY + 4);
}

struct error *pclntab_check(const struct pclntab *table)
{
	size_t functab = ((size_t)table->function_count + 1) * FUNCTAB_ENTRY;

	if (!table->function_count || functab > table->functions.length)
		return error_create(ERROR_LAYOUT, "pclntab: functab does not fit in pclntable");
	for (uint32_t i = 0; i < table->function_count; i++) {
		if (entry_offset(table, i) > entry_offset(table, i + 1))
			return error_create(ERROR_LAYOUT, "pclntab: functab is not sorted");
		if ((uint64_t)record_offset(table, i) + record_size(table) >
			table->functions.length)
			return error_create(ERROR_LAYOUT, "pclntab: _func outside of pclntable");
	}
	return NULL;
}

const char *pclntab_name(const struct pclntab *table, uint32_t offset)
{
	if (offset >= table->names.length)
		return NULL;
	const char *name = (const char *)table->names.bytes + offset;

	return memchr(name, '\0', table->names.length - offset) ? name : NULL;
}

bool pclntab_function(const struct pclntab *table, uint32_t number, struct function *ret)
{
	if (number >= table->function_count)
		return false;
	uint32_t record = record_offset(table, number), fixed = record_size(table);
	struct cursor cursor = cursor_over(table->functions.bytes, table->functions.length);

	cursor_take(&cursor, record);
	const uint8_t *func = cursor_take(&cursor, fixed);
	if (!func)
		return false;
	const char *name = pclntab_name(table, load_u32(func + 4));
	*ret = (struct function){
		.entry = table->text + load_u32(func),
		.end = table->text + entry_offset(table, number + 1),
		.record = record,
		.name = name ? name : "",
		.args = (int32_t)load_u32(func + 8),
		.deferreturn = load_u32(func + 12),
		.pcsp = load_u32(func + 16),
		.pcfile = load_u32(func + 20),
		.pcln = load_u32(func + 24),
		.pcdata_count = load_u32(func + 28),
		.unit = load_u32(func + 32),
		.id = func[fixed - 4],
		.flags = func[fixed - 3],
		.funcdata_count = func[fixed - 1],
	};
	return true;
}

bool pclntab_find(const struct pclntab *table, addr_t pc, struct function *ret)
{
	if (pc < table->text + entry_offset(table, 0) || pc >= table->text_end)
		return false;
	uint64_t offset = pc - table->text;
	uint32_t low = 0, high = table->function_count;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (entry_offset(table, middle) <= offset)
			low = middle;
		else
			high = middle;
	}
	return pclntab_function(table, low, ret);
}

bool pclntab_find_name(const struct pclntab *table, const char *name, struct function *ret)
{
	struct function function;
	addr_t longest = 0;

	for (uint32_t i = 0; i < table->function_count; i++) {
		if (!pclntab_function(table, i, &function) || strcmp(function.name, name) != 0)
			continue;
		if (function.end - function.entry > longest) {
			longest = function.end - function.entry;
			*ret = function;
		}
	}
	return longest != 0;
}

/* runtime.pcvalue: pairs of (zigzag delta of the value, delta of the pc), from (-1, entry). */
static bool pc_value(const struct pclntab *table, const struct function *function, uint32_t offset,
	addr_t pc, int32_t *ret)
{
	if (!offset || offset >= table->pcvalues.length)
		return false;
	struct cursor cursor =
		cursor_over(table->pcvalues.bytes + offset, table->pcvalues.length - offset);
	addr_t running = function->entry;
	uint32_t value = UINT32_MAX; /* -1 */

	for (bool first = true;; first = false) {
		uint64_t zigzag = cursor_uvarint(&cursor);

		if (cursor.failed || (!zigzag && !first))
			return false;
		value += (uint32_t)(zigzag >> 1) ^ -(uint32_t)(zigzag & 1);
		running += cursor_uvarint(&cursor) * table->min_instruction;
		if (cursor.failed)
			return false;
		if (pc < running) {
			*ret = (int32_t)value;
			return true;
		}
	}
}

bool pclntab_stack_delta(
	const struct pclntab *table, const struct function *function, addr_t pc, int32_t *ret)
{
	return pc_value(table, function, function->pcsp, pc, ret);
}

int32_t pclntab_pcdata(
	const struct pclntab *table, const struct function *function, unsigned which, addr_t pc)
{
	uint64_t at = function->record + record_size(table) + 4 * (uint64_t)which;
	int32_t value;

	if (which >= function->pcdata_count || at + 4 > table->functions.length)
		return -1;
	uint32_t offset = load_u32(table->functions.bytes + at);
	return pc_value(table, function, offset, pc, &value) ? value : -1;
}

addr_t pclntab_funcdata(
	const struct pclntab *table, const struct function *function, unsigned which)
{
	uint64_t at = function->record + record_size(table) + 4 * (uint64_t)function->pcdata_count +
		      4 * (uint64_t)which;

	if (which >= function->funcdata_count || at + 4 > table->functions.length)
		return 0;
	uint32_t offset = load_u32(table->functions.bytes + at);
	return offset == NO_FUNCDATA ? 0 : table->gofunc + offset;
}

bool pclntab_line(const struct pclntab *table, const struct function *function, addr_t pc,
	const char **ret_file, int *ret_line)
{
	int32_t file, line;

	if (!pc_value(table, function, function->pcfile, pc, &file) ||
		!pc_value(table, function, function->pcln, pc, &line) || file < 0)
		return false;
	uint64_t at = 4 * ((uint64_t)function->unit + (uint32_t)file);
	if (at + 4 > table->units.length)
		return false;
	uint32_t offset = load_u32(table->units.bytes + at);
	if (offset == NO_FILE || offset >= table->files.length ||
		!memchr(table->files.bytes + offset, '\0', table->files.length - offset))
		return false;
	*ret_file = (const char *)table->files.bytes + offset;
	*ret_line = line;
	return true;
}
