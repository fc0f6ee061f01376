/* Rows of typed cells, which can be shown as an aligned table and as JSON. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "text.h"

enum cell_kind {
	CELL_TEXT,
	CELL_BYTES,
	CELL_COUNT,
	CELL_DURATION, /* ns */
	CELL_ADDRESS,
	CELL_JSON, /* only in JSON */
};

struct column {
	const char *title; /* NULL: not in the table */
	const char *key;   /* NULL: not in JSON */
	enum cell_kind kind;
	bool shrinks; /* is cut when the table is too wide for the terminal */
	bool folds;   /* before anything is cut: stands under the row, behind its title */
};

struct table;

/* `columns` must outlive the table. */
struct table *table_create(const struct column *columns, unsigned count);
void table_destroy(struct table *table);

/* Cells of a row, one after the other; table_row() begins one. */
void table_row(struct table *table);
void table_number(struct table *table, uint64_t number);
void table_none(struct table *table);                   /* an empty cell, null in JSON */
void table_text(struct table *table, const char *text); /* is copied */
void table_take(struct table *table, char *text);       /* is taken over */
void table_json(struct table *table, json_t *value);    /* is taken over */

/* A line under the last row, indented: only in the table. Is taken over. */
void table_note(struct table *table, char *text);

size_t table_rows(const struct table *table);

/* How it is shown. */
struct terminal {
	unsigned width; /* columns; 0: as wide as it must be */
	bool colour;
};

void table_render(const struct table *table, const struct terminal *terminal, struct text *text);

/* An array of objects. */
json_t *table_to_json(const struct table *table);
