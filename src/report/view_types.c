#include "human.h"
#include "target_summary.h"
#include "type_sums.h"
#include "views.h"

static const struct column columns[] = {
	{"objects", "objects", CELL_COUNT, false},
	{"shallow", "shallow_bytes", CELL_BYTES, false},
	{"retained", "retained_bytes", CELL_BYTES, false},
	{"type", "type", CELL_TEXT, true},
};

struct error *view_types(
	const struct analysis *analysis, const struct view_options *options, struct view **ret)
{
	struct view *view = view_create();
	struct table *table = table_create(columns, ARRAY_SIZE(columns));
	struct type_sums sums;

	type_sums_find(analysis, &sums);
	size_t shown = options->limit ? MIN(options->limit, sums.list.count) : sums.list.count;
	struct error *error = type_sums_retained(analysis, &sums, shown);
	for (size_t i = 0; i < shown; i++) {
		const struct type_sum *sum = &sums.list.items[i];

		table_row(table);
		table_number(table, sum->objects);
		table_number(table, sum->shallow_bytes);
		table_number(table, sum->retained_bytes);
		table_text(table, object_type_at(&analysis->typing->object_types, sum->type)->name);
	}
	target_summary_add(view, analysis);
	json_object_set_new(view_document(view), "types", table_to_json(table));
	view_line(view, LINE_PLAIN, "%s", "");
	view_table(view, table);
	if (shown < sums.list.count)
		view_line(view, LINE_DIM, "%zu more types (--limit=0 shows all)",
			sums.list.count - shown);
	type_sums_deinit(&sums);
	if (error) {
		view_destroy(view);
		return error;
	}
	*ret = view;
	return NULL;
}
