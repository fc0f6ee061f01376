#include "growth_tables.h"

#include "clean.h"
#include "goroutine_text.h"
#include "holder_names.h"
#include "human.h"

enum { NAMES_IN_ROW = 3, SMALLEST_SHARE = 1000 };

static const struct column holder_columns[] = {
	{"grew", NULL, CELL_BYTES, false},
	{"a minute", NULL, CELL_BYTES, false},
	{"more", NULL, CELL_COUNT, false},
	{"still there", NULL, CELL_TEXT, false},
	{"held by", NULL, CELL_TEXT, true},
};

static const struct column type_columns[] = {
	{"grew", NULL, CELL_BYTES, false},
	{"a minute", NULL, CELL_BYTES, false},
	{"more", NULL, CELL_COUNT, false},
	{"still there", NULL, CELL_TEXT, false},
	{"type", NULL, CELL_TEXT, true},
};

static const struct column group_columns[] = {
	{"more", NULL, CELL_COUNT, false},
	{"now", NULL, CELL_COUNT, false},
	{"still there", NULL, CELL_COUNT, false},
	{"state", NULL, CELL_TEXT, false},
	{"function", NULL, CELL_TEXT, true},
};

static json_t *per_minute_json(const struct growth *growth, int64_t amount)
{
	return growth->elapsed_ns ? json_integer(growth_per_minute(growth, amount)) : json_null();
}

static json_t *figures_json(
	const struct growth *growth, int64_t objects, int64_t bytes, uint64_t survivors)
{
	return json_pack("{s:I, s:I, s:I, s:o}", "objects", (json_int_t)objects, "bytes",
		(json_int_t)bytes, "survivors", (json_int_t)survivors, "bytes_per_minute",
		per_minute_json(growth, bytes));
}

json_t *growth_json(const struct growth *growth, const struct growth_sum *sum)
{
	return figures_json(growth, growth_objects(sum), growth_bytes(sum), sum->survived.objects);
}

/* "98.2 %"; "" when there were none. */
static char *kept_text(uint64_t survived, uint64_t before)
{
	return before ? human_percent(MIN(survived, before), before) : memory_string("");
}

/* What grew by less than a thousandth of the heap is left out. */
static bool is_worth_a_row(const struct growth_view *view, int64_t bytes)
{
	int64_t smallest = (int64_t)(view->growth->all.after.bytes / SMALLEST_SHARE);

	return bytes > (view->limit ? smallest : 0);
}

static void add_row(const struct growth_view *view, struct table *table, int64_t objects,
	int64_t bytes, char *kept, char *name)
{
	table_row(table);
	table_number(table, (uint64_t)bytes);
	if (view->growth->elapsed_ns)
		table_number(table, (uint64_t)growth_per_minute(view->growth, bytes));
	else
		table_none(table);
	if (objects >= 0)
		table_number(table, (uint64_t)objects);
	else
		table_none(table);
	table_take(table, kept);
	table_take(table, name);
}

/* "main.sessions, main.lru and 2 more" */
static char *members_text(const struct growth_view *view, const struct holder_row *row)
{
	if (!row->members.count)
		return memory_string(
			row->set == SET_MANY ? "very many holders" : "what has no name");
	return holder_names(view->naming, view->growth->after->objects, row->members.items,
		row->members.count, NAMES_IN_ROW);
}

static json_t *holder_json(const struct growth_view *view, const struct growth_holder *holder)
{
	const struct holder_row *row = holder->row;
	json_t *with = json_array();
	_cleanup_free_ char *what = row->members.count
					    ? naming_holder(view->naming, row->members.items[0])
					    : members_text(view, row);

	for (size_t i = 1; i < row->members.count; i++) {
		_cleanup_free_ char *name = naming_holder(view->naming, row->members.items[i]);

		json_array_append_new(with, clean_json(name));
	}
	return json_pack("{s:o, s:o, s:I, s:I, s:I, s:I, s:o}", "what", clean_json(what), "with",
		with, "retained_bytes", (json_int_t)row->bytes, "objects", (json_int_t)row->objects,
		"before_objects", (json_int_t)holder->before.objects, "kept_objects",
		(json_int_t)holder->kept.objects, "growth",
		figures_json(view->growth, growth_holder_objects(holder),
			growth_holder_bytes(holder), holder->survived.objects));
}

static void show(
	const struct growth_view *view, struct table *table, size_t left_out, const char *what)
{
	if (!table_rows(table)) {
		table_destroy(table);
		return;
	}
	view_line(view->view, LINE_PLAIN, "%s", "");
	view_table(view->view, table);
	if (left_out)
		view_line(view->view, LINE_DIM, "%zu more %s that grew (--limit=0 shows all)",
			left_out, what);
}

static bool is_full(const struct growth_view *view, const struct table *table)
{
	return view->limit && table_rows(table) >= view->limit;
}

void growth_tables_add_holders(const struct growth_view *view)
{
	struct table *table = table_create(holder_columns, ARRAY_SIZE(holder_columns));
	json_t *list = json_array();
	size_t left_out = 0;

	vec_foreach (holder, &view->growth->holders) {
		if (!view->limit || json_array_size(list) < view->limit)
			json_array_append_new(list, holder_json(view, holder));
		if (!is_worth_a_row(view, growth_holder_bytes(holder)))
			continue;
		if (is_full(view, table))
			left_out++;
		else
			add_row(view, table, growth_holder_objects(holder),
				growth_holder_bytes(holder),
				kept_text(holder->kept.objects, holder->before.objects),
				members_text(view, holder->row));
	}
	json_object_set_new(view_document(view->view), "holders", list);
	show(view, table, left_out, "holders");
}

static json_t *type_json(const struct growth_view *view, const struct growth_type *type)
{
	const struct object_types *types = &view->growth->after->typing->object_types;

	return json_pack("{s:o, s:I, s:I, s:o}", "type",
		clean_json(object_type_at(types, type->type)->name), "objects",
		(json_int_t)type->sum.after.objects, "shallow_bytes",
		(json_int_t)type->sum.after.bytes, "growth", growth_json(view->growth, &type->sum));
}

void growth_tables_add_types(const struct growth_view *view)
{
	const struct object_types *types = &view->growth->after->typing->object_types;
	struct table *table = table_create(type_columns, ARRAY_SIZE(type_columns));
	json_t *list = json_array();
	size_t left_out = 0;

	vec_foreach (type, &view->growth->types) {
		if (!view->limit || json_array_size(list) < view->limit)
			json_array_append_new(list, type_json(view, type));
		if (!is_worth_a_row(view, growth_bytes(&type->sum)))
			continue;
		if (is_full(view, table))
			left_out++;
		else
			add_row(view, table, growth_objects(&type->sum), growth_bytes(&type->sum),
				kept_text(type->sum.survived.objects, type->sum.before.objects),
				memory_string(object_type_at(types, type->type)->name));
	}
	json_object_set_new(view_document(view->view), "types", list);
	show(view, table, left_out, "types");
}

static json_t *group_json(const struct growth_view *view, const struct growth_group *row)
{
	const struct analysis *analysis = view->growth->after;
	const struct stacks *stacks = &analysis->objects->stacks;
	const struct goroutine_group *group = &stacks->groups.items[row->group];
	_cleanup_free_ char *top = goroutine_text_top(group);

	return json_pack("{s:o, s:s, s:I, s:I, s:I, s:I}", "top", clean_json(top), "state",
		goroutine_text_state(analysis, &stacks->goroutines.list.items[group->first]),
		"count", (json_int_t)row->after, "before", (json_int_t)row->before, "survivors",
		(json_int_t)row->survived, "born", (json_int_t)(row->after - row->survived));
}

static void add_group(
	const struct growth_view *view, struct table *table, const struct growth_group *row)
{
	const struct analysis *analysis = view->growth->after;
	const struct stacks *stacks = &analysis->objects->stacks;
	const struct goroutine_group *group = &stacks->groups.items[row->group];

	table_row(table);
	table_number(table, row->after - row->before);
	table_number(table, row->after);
	table_number(table, row->survived);
	table_text(table,
		goroutine_text_state(analysis, &stacks->goroutines.list.items[group->first]));
	table_take(table, goroutine_text_top(group));
}

/* Without the runtime's own: they come and go as it needs them. */
void growth_tables_add_goroutines(const struct growth_view *view)
{
	const struct growth *growth = view->growth;
	const struct stacks *stacks = &growth->after->objects->stacks;
	struct table *table = table_create(group_columns, ARRAY_SIZE(group_columns));
	json_t *list = json_array();
	size_t left_out = 0;

	vec_foreach (row, &growth->groups) {
		if (stacks_is_system(&stacks->groups.items[row->group]))
			continue;
		if (!view->limit || json_array_size(list) < view->limit)
			json_array_append_new(list, group_json(view, row));
		if (row->after <= row->before)
			continue;
		if (is_full(view, table))
			left_out++;
		else
			add_group(view, table, row);
	}
	uint64_t before = growth->steps[0]->goroutines.count;
	uint64_t after = stacks->goroutines.list.count;
	json_object_set_new(view_document(view->view), "goroutines",
		json_pack("{s:I, s:I, s:I, s:I, s:I, s:o}", "before", (json_int_t)before, "after",
			(json_int_t)after, "survivors", (json_int_t)growth->goroutines_survived,
			"born", (json_int_t)(after - growth->goroutines_survived), "died",
			(json_int_t)(before - growth->goroutines_survived), "groups", list));
	show(view, table, left_out, "stacks");
}
