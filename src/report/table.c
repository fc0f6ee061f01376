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

static void measure(const struct table *table, size_t *width)
{
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

static size_t total_width(const struct table *table, const size_t *width)
{
	size_t total = 0;

	for (unsigned column = 0; column < table->column_count; column++)
		total += table->columns[column].title ? width[column] + GAP : 0;
	return total ? total - GAP : 0;
}

/* Takes from the widest column that may shrink until everything fits, or nothing can be taken. */
static void shrink(const struct table *table, const struct terminal *terminal, size_t *width)
{
	while (terminal->width && total_width(table, width) > terminal->width) {
		unsigned widest = table->column_count;

		for (unsigned column = 0; column < table->column_count; column++) {
			if (table->columns[column].title && table->columns[column].shrinks &&
				width[column] > MIN_SHRUNK &&
				(widest == table->column_count || width[column] > width[widest]))
				widest = column;
		}
		if (widest == table->column_count)
			return;
		width[widest]--;
	}
}

static bool is_last(const struct table *table, unsigned column)
{
	while (++column < table->column_count) {
		if (table->columns[column].title)
			return false;
	}
	return true;
}

static void add_cell(struct text *text, const struct table *table, unsigned column,
	const char *content, size_t width)
{
	bool right = table->columns[column].kind != CELL_TEXT;
	size_t columns = MIN(text_columns(content), width);
	int padding = (int)(width - columns);

	if (right)
		text_add(text, "%*s", padding, "");
	text_add_cut(text, content, width);
	if (is_last(table, column))
		text_add(text, "\n");
	else
		text_add(text, "%*s", (right ? 0 : padding) + GAP, "");
}

static void add_notes(struct text *text, const struct table *table, size_t row,
	const struct terminal *terminal, unsigned indent)
{
	vec_foreach (note, &table->notes) {
		if (note->row != row)
			continue;
		text_add(text, "%*s%s", (int)indent, "", terminal->colour ? "\x1b[2m" : "");
		text_add_wrapped(text, note->text, terminal->width, indent);
		text_add(text, "%s\n", terminal->colour ? "\x1b[0m" : "");
	}
}

void table_render(const struct table *table, const struct terminal *terminal, struct text *text)
{
	_cleanup_free_ size_t *width = memory_array(table->column_count, sizeof(*width));

	measure(table, width);
	shrink(table, terminal, width);
	text_add(text, "%s", terminal->colour ? "\x1b[1m" : "");
	for (unsigned column = 0; column < table->column_count; column++) {
		if (table->columns[column].title)
			add_cell(text, table, column, table->columns[column].title, width[column]);
	}
	text_add(text, "%s", terminal->colour ? "\x1b[0m" : "");
	for (size_t row = 0; row < table_rows(table); row++) {
		for (unsigned column = 0; column < table->column_count; column++) {
			if (!table->columns[column].title)
				continue;
			_cleanup_free_ char *content =
				cell_text(cell_at(table, row, column), table->columns[column].kind);

			add_cell(text, table, column, content, width[column]);
		}
		/* Under the text, behind the numbers that lead the row. */
		unsigned indent = 0;
		for (unsigned column = 0; column < table->column_count; column++) {
			if (table->columns[column].kind == CELL_TEXT &&
				table->columns[column].title)
				break;
			indent += table->columns[column].title ? (unsigned)width[column] + GAP : 0;
		}
		add_notes(text, table, row, terminal, indent + GAP);
	}
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
