#include "why.h"

#include "clean.h"
#include "human.h"

static const struct column columns[] = {
	{"sampled", "objects", CELL_COUNT, false},
	{"bytes", "bytes", CELL_BYTES, false},
	{"allocated at", "at", CELL_TEXT, true},
	{NULL, "stack", CELL_JSON, false},
};

static json_t *stack_json(const struct alloc_site *site)
{
	json_t *stack = json_array();

	vec_foreach (frame, &site->stack)
		json_array_append_new(stack, clean_json(*frame));
	return stack;
}

static void add_rows(struct why *why, struct table *table, const struct alloc_sites *sites)
{
	vec_foreach (site, &sites->list) {
		if (why->limit && table_rows(table) >= why->limit)
			return;
		table_row(table);
		table_number(table, site->objects);
		table_number(table, site->bytes);
		table_text(table, site->at);
		table_json(table, stack_json(site));
	}
}

void why_allocated(struct why *why, alloc_wanted_fn *is_wanted, void *context)
{
	struct table *table = table_create(columns, ARRAY_SIZE(columns));
	struct alloc_sites sites;

	alloc_sites_find(why->analysis, is_wanted, context, &sites);
	add_rows(why, table, &sites);
	json_object_set_new(view_document(why->view), "allocated_at", table_to_json(table));
	size_t left_out = sites.list.count - table_rows(table);
	alloc_sites_deinit(&sites);
	if (!table_rows(table)) {
		table_destroy(table);
		return;
	}
	view_line(why->view, LINE_PLAIN, "%s", "");
	view_table(why->view, table);
	if (left_out)
		view_line(why->view, LINE_DIM, "%zu more (--limit=0 shows all)", left_out);
}
