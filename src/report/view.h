/* What a command shows: lines and tables for a terminal, and a JSON document that says the same. */
#pragma once

#include <jansson.h>

#include "table.h"

enum line_style { LINE_PLAIN, LINE_BOLD, LINE_DIM };

struct view;

struct view *view_create(void);
void view_destroy(struct view *view);

/* The JSON document, an object to be filled. */
json_t *view_document(struct view *view);

void view_line(struct view *view, enum line_style style, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Lines that are shown as they are, whatever the width; tabs stay. Is taken over. */
void view_source(struct view *view, char *source);

/* Is taken over. */
void view_table(struct view *view, struct table *table);

/* Text is the caller's to free(). */
char *view_render(const struct view *view, const struct terminal *terminal);
char *view_render_json(const struct view *view);
