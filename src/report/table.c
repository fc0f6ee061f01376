#include "table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clean.h"
#include "columns.h"
#include "human.h"
#include "vec.h"

enum { GAP = 2, MIN_SHRUNK = 12 };

struct cell {
	bool empty;
	uint64_t number;
	char *text;
	json_t *json;
};

struct note {
	size_t row;
	char *text;
};

struct table {
	const struct column *columns;
	unsigned column_count;
	VEC(struct cell) cells;
	VEC(struct note) notes; /* by row */
};

struct table *table_create(const struct column *columns, unsigned count)
{
	struct table *table = memory_alloc(sizeof(*table));

	table->columns = columns;
	table->column_count = count;
	return table;
}

void table_destroy(struct table *table)
{
	if (!table)
		return;
	vec_foreach (cell, &table->cells) {
		free(cell->text);
		json_decref(cell->json);
	}
	vec_foreach (note, &table->notes)
		free(note->text);
	vec_deinit(&table->cells);
	vec_deinit(&table->notes);
	free(table);
}

void table_row(struct table *table)
{
	while (table->cells.count % table->column_count)
		table_none(table);
}

void table_number(struct table *table, uint64_t number)
{
	vec_push(&table->cells, {.number = number});
}

void table_none(struct table *table)
{
	vec_push(&table->cells, {.empty = true});
}

void table_text(struct table *table, const char *text)
{
	table_take(table, memory_string(text));
}

void table_take(struct table *table, char *text)
{
	vec_push(&table->cells, {.text = clean_text(text)});
}

void table_json(struct table *table, json_t *value)
{
	vec_push(&table->cells, {.json = value});
}

void table_note(struct table *table, char *text)
{
	vec_push(&table->notes, {.row = table_rows(table) - 1, .text = clean_text(text)});
}

size_t table_rows(const struct table *table)
{
	return (table->cells.count + table->column_count - 1) / table->column_count;
}

static const struct cell *cell_at(const struct table *table, size_t row, unsigned column)
{
	static const struct cell nothing = {.empty = true};
	size_t place = row * table->column_count + column;

	return place < table->cells.count ? &table->cells.items[place] : &nothing;
}

static char *cell_text(const struct cell *cell, enum cell_kind kind)
{
	if (cell->empty)
		return memory_string("");
	switch (kind) {
	case CELL_TEXT:
		return memory_string(cell->text ? cell->text : "");
	case CELL_BYTES:
		return human_bytes(cell->number);
	case CELL_COUNT:
		return human_count(cell->number);
	case CELL_DURATION:
		return human_duration(cell->number);
	case CELL_ADDRESS:
		return memory_format("0x%" PRIx64, cell->number);
	case CELL_JSON:
		break;
	}
	return memory_string("");
}

/* What is shown of a table, and how wide. */
struct rendering {
	const struct table *table;
	const struct terminal *terminal;
	size_t *width; /* by column */
	bool *folded;
};

static bool is_shown(const struct rendering *rendering, unsigned column)
{
	return rendering->table->columns[column].title && !rendering->folded[column];
}

static void measure(const struct rendering *rendering)
{
	const struct table *table = rendering->table;
	size_t *width = rendering->width;

	for (unsigned column = 0; column < table->column_count; column++) {
		if (!table->columns[column].title)
			continue;
		width[column] = text_columns(table->columns[column].title);
		for (size_t row = 0; row < table_rows(table); row++) {
			_cleanup_free_ char *text =
				cell_text(cell_at(table, row, column), table->columns[column].kind);

			width[column] = MAX(width[column], text_columns(text));
		}
	}
}

static bool is_too_wide(const struct rendering *rendering)
{
	size_t total = 0;

	for (unsigned column = 0; column < rendering->table->column_count; column++)
		total += is_shown(rendering, column) ? rendering->width[column] + GAP : 0;
	return rendering->terminal->width && total > rendering->terminal->width + GAP;
}

static void fold(const struct rendering *rendering)
{
	for (unsigned column = 0; column < rendering->table->column_count; column++)
		rendering->folded[column] = is_shown(rendering, column) &&
					    rendering->table->columns[column].folds &&
					    is_too_wide(rendering);
}

/* Takes from the widest column that may shrink until everything fits, or nothing can be taken. */
static void shrink(const struct rendering *rendering)
{
	unsigned count = rendering->table->column_count;
	size_t *width = rendering->width;

	while (is_too_wide(rendering)) {
		unsigned widest = count;

		for (unsigned column = 0; column < count; column++) {
			if (is_shown(rendering, column) &&
				rendering->table->columns[column].shrinks &&
				width[column] > MIN_SHRUNK &&
				(widest == count || width[column] > width[widest]))
				widest = column;
		}
		if (widest == count)
			return;
		width[widest]--;
	}
}

static bool is_last(const struct rendering *rendering, unsigned column)
{
	while (++column < rendering->table->column_count) {
		if (is_shown(rendering, column))
			return false;
	}
	return true;
}

static void add_cell(
	struct text *text, const struct rendering *rendering, unsigned column, const char *content)
{
	bool right = rendering->table->columns[column].kind != CELL_TEXT;
	size_t width = rendering->width[column];
	size_t columns = MIN(text_columns(content), width);
	int padding = (int)(width - columns);

	if (right)
		text_add(text, "%*s", padding, "");
	text_add_cut(text, content, width);
	if (is_last(rendering, column))
		text_add(text, "\n");
	else
		text_add(text, "%*s", (right ? 0 : padding) + GAP, "");
}

/* Under the text, behind the numbers that lead the row. */
static unsigned note_indent(const struct rendering *rendering)
{
	unsigned indent = 0;

	for (unsigned column = 0; column < rendering->table->column_count; column++) {
		if (!is_shown(rendering, column))
			continue;
		if (rendering->table->columns[column].kind == CELL_TEXT)
			break;
		indent += (unsigned)rendering->width[column] + GAP;
	}
	return indent + GAP;
}

static void add_note(
	struct text *text, const struct terminal *terminal, const char *note, unsigned indent)
{
	text_add(text, "%*s%s", (int)indent, "", terminal->colour ? "\x1b[2m" : "");
	text_add_wrapped(text, note, terminal->width, indent);
	text_add(text, "%s\n", terminal->colour ? "\x1b[0m" : "");
}

/* "address 0xc000012340, type map[int]int". Where there is little room it begins at the left. */
static void add_folded(struct text *text, const struct rendering *rendering, size_t row)
{
	const struct table *table = rendering->table;
	struct text folded = {0};

	for (unsigned column = 0; column < table->column_count; column++) {
		_cleanup_free_ char *content =
			cell_text(cell_at(table, row, column), table->columns[column].kind);

		if (rendering->folded[column] && *content)
			text_add(&folded, "%s%s %s", folded.length ? ", " : "",
				table->columns[column].title, content);
	}
	_cleanup_free_ char *note = text_take(&folded);
	if (*note)
		add_note(text, rendering->terminal, note, GAP);
}

static void add_row(struct text *text, const struct rendering *rendering, size_t row)
{
	const struct table *table = rendering->table;

	for (unsigned column = 0; column < table->column_count; column++) {
		_cleanup_free_ char *content =
			cell_text(cell_at(table, row, column), table->columns[column].kind);

		if (is_shown(rendering, column))
			add_cell(text, rendering, column, content);
	}
	add_folded(text, rendering, row);
	vec_foreach (note, &table->notes) {
		if (note->row == row)
			add_note(text, rendering->terminal, note->text, note_indent(rendering));
	}
}

void table_render(const struct table *table, const struct terminal *terminal, struct text *text)
{
	_cleanup_free_ size_t *width = memory_array(table->column_count, sizeof(*width));
	_cleanup_free_ bool *folded = memory_array(table->column_count, sizeof(*folded));
	const struct rendering rendering = {table, terminal, width, folded};

	measure(&rendering);
	fold(&rendering);
	shrink(&rendering);
	text_add(text, "%s", terminal->colour ? "\x1b[1m" : "");
	for (unsigned column = 0; column < table->column_count; column++) {
		if (is_shown(&rendering, column))
			add_cell(text, &rendering, column, table->columns[column].title);
	}
	text_add(text, "%s", terminal->colour ? "\x1b[0m" : "");
	for (size_t row = 0; row < table_rows(table); row++)
		add_row(text, &rendering, row);
}

static json_t *cell_json(const struct cell *cell, enum cell_kind kind)
{
	if (cell->empty)
		return json_null();
	if (kind == CELL_JSON)
		return json_incref(cell->json);
	if (kind == CELL_TEXT)
		return json_string_nocheck(cell->text ? cell->text : "");
	if (kind == CELL_ADDRESS)
		return json_sprintf("0x%" PRIx64, cell->number);
	return json_integer((json_int_t)cell->number);
}

json_t *table_to_json(const struct table *table)
{
	json_t *rows = json_array();

	for (size_t row = 0; row < table_rows(table); row++) {
		json_t *object = json_object();

		for (unsigned column = 0; column < table->column_count; column++) {
			if (table->columns[column].key)
				json_object_set_new(object, table->columns[column].key,
					cell_json(cell_at(table, row, column),
						table->columns[column].kind));
		}
		json_array_append_new(rows, object);
	}
	return rows;
}
