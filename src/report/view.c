#include "view.h"

#include <stdio.h>

#include "clean.h"
#include "columns.h"
#include "memory.h"
#include "vec.h"

/* One of the three is there. */
struct block {
	enum line_style style; /* of the line */
	char *line;
	char *source;
	struct table *table;
};

struct view {
	VEC(struct block) blocks;
	json_t *document;
};

struct view *view_create(void)
{
	struct view *view = memory_alloc(sizeof(*view));

	view->document = json_object();
	return view;
}

void view_destroy(struct view *view)
{
	if (!view)
		return;
	vec_foreach (block, &view->blocks) {
		free(block->line);
		free(block->source);
		table_destroy(block->table);
	}
	vec_deinit(&view->blocks);
	json_decref(view->document);
	free(view);
}

json_t *view_document(struct view *view)
{
	return view->document;
}

void view_line(struct view *view, enum line_style style, const char *format, ...)
{
	va_list arguments;
	char *line = NULL;

	va_start(arguments, format);
	if (vasprintf(&line, format, arguments) < 0)
		line = NULL;
	va_end(arguments);
	vec_push(&view->blocks,
		{.style = style, .line = clean_text(line ? line : memory_string(""))});
}

void view_source(struct view *view, char *source)
{
	vec_push(&view->blocks, {.source = clean_source(source)});
}

void view_table(struct view *view, struct table *table)
{
	vec_push(&view->blocks, {.table = table});
}

static void render_line(
	const struct block *block, const struct terminal *terminal, struct text *text)
{
	static const char *const starts[] = {
		[LINE_PLAIN] = "", [LINE_BOLD] = "\x1b[1m", [LINE_DIM] = "\x1b[2m"};
	bool coloured = terminal->colour && block->style != LINE_PLAIN;

	text_add(text, "%s", coloured ? starts[block->style] : "");
	text_add_wrapped(text, block->line, terminal->width, 0);
	text_add(text, "%s\n", coloured ? "\x1b[0m" : "");
}

char *view_render(const struct view *view, const struct terminal *terminal)
{
	struct text text = {0};

	vec_foreach (block, &view->blocks) {
		if (block->line)
			render_line(block, terminal, &text);
		else if (block->source)
			text_add(&text, "%s", block->source);
		else
			table_render(block->table, terminal, &text);
	}
	return text_take(&text);
}

char *view_render_json(const struct view *view)
{
	return json_dumps(view->document, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
}
