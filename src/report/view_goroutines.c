#include <inttypes.h>

#include "clean.h"
#include "goroutine_text.h"
#include "goroutine_verdicts.h"
#include "human.h"
#include "target_summary.h"
#include "views.h"

static const struct column goroutine_columns[] = {
	{NULL, "goid", CELL_COUNT, false},
	{NULL, "status", CELL_TEXT, false},
	{NULL, "wait_reason", CELL_TEXT, false},
	{NULL, "wait_ns", CELL_DURATION, false},
	{NULL, "entry", CELL_TEXT, false},
	{NULL, "top", CELL_TEXT, false},
	{NULL, "created_by", CELL_TEXT, false},
	{NULL, "holds_bytes", CELL_BYTES, false},
	{NULL, "verdict", CELL_TEXT, false},
	{NULL, "reason", CELL_TEXT, false},
	{NULL, "group", CELL_COUNT, false},
};

static const struct column group_columns[] = {
	{"count", "count", CELL_COUNT, false},
	{"holds", "holds_bytes", CELL_BYTES, false},
	{"longest", "longest_wait_ns", CELL_DURATION, false},
	{"state", "state", CELL_TEXT, false},
	{"function", "top", CELL_TEXT, true},
	{NULL, "created_by", CELL_TEXT, false},
	{NULL, "entry", CELL_TEXT, false},
	{NULL, "system", CELL_JSON, false},
	{NULL, "goids", CELL_JSON, false},
	{NULL, "frames", CELL_JSON, false},
	{NULL, "never_wake", CELL_COUNT, false},
	{NULL, "likely", CELL_COUNT, false},
};

/* A group with what its goroutines sum up to. */
struct group_row {
	uint32_t group;
	uint64_t bytes;
	uint64_t longest_ns;
	uint32_t never_wake, likely;
	enum wake why; /* of those that never wake, else of those that are likely */
	json_t *goids;
};

struct maker {
	const struct analysis *analysis;
	const struct stacks *stacks;
	const struct never_wakes *verdicts;
	uint64_t now_ns; /* nanotime at the capture; the latest known when it was not recorded */
	VEC(struct group_row) rows;
	uint32_t *rank; /* by group */
};

static const struct goroutine *goroutine_at(const struct maker *maker, uint32_t number)
{
	return &maker->stacks->goroutines.list.items[number];
}

static void add_goroutine(const struct maker *maker, struct table *table, uint32_t number)
{
	const struct goroutine *goroutine = goroutine_at(maker, number);
	const struct goroutine_group *group =
		&maker->stacks->groups.items[maker->stacks->group_of[number]];
	uint64_t wait = goroutine_waited(maker->analysis, goroutine, maker->now_ns);

	table_row(table);
	table_number(table, goroutine->goid);
	table_text(table, goroutine_status_name(goroutine->status));
	table_text(table, goroutine_wait_reason(maker->stacks->runtime, goroutine));
	if (wait)
		table_number(table, wait);
	else
		table_none(table);
	table_take(table, goroutine_text_function(maker->analysis, goroutine->start_pc));
	table_take(table, goroutine_text_top(group));
	table_take(table, goroutine_text_created_by(maker->analysis, goroutine));
	table_number(table, retention_retained(maker->analysis->retention,
				    object_graph_goroutine(maker->analysis->objects, number)));
	table_text(table, verdict_name(maker->verdicts->of[number].verdict));
	table_text(table, wake_text(maker->verdicts->of[number].why));
	table_number(table, maker->rank[maker->stacks->group_of[number]]);
}

static void add_verdict(struct group_row *row, const struct goroutine_verdict *verdict)
{
	row->never_wake += verdict->verdict == VERDICT_NEVER_WAKES;
	row->likely += verdict->verdict == VERDICT_LIKELY;
	if (verdict->verdict == VERDICT_NEVER_WAKES ||
		(verdict->verdict == VERDICT_LIKELY && !row->never_wake))
		row->why = verdict->why;
}

static void sum_groups(struct maker *maker)
{
	for (uint32_t i = 0; i < maker->stacks->groups.count; i++)
		vec_push(&maker->rows, {.group = i, .goids = json_array()});
	for (uint32_t i = 0; i < maker->stacks->goroutines.list.count; i++) {
		struct group_row *row = &maker->rows.items[maker->stacks->group_of[i]];

		row->bytes += retention_retained(maker->analysis->retention,
			object_graph_goroutine(maker->analysis->objects, i));
		add_verdict(row, &maker->verdicts->of[i]);
		row->longest_ns = MAX(row->longest_ns,
			goroutine_waited(maker->analysis, goroutine_at(maker, i), maker->now_ns));
		json_array_append_new(
			row->goids, json_integer((json_int_t)goroutine_at(maker, i)->goid));
	}
}

/* The runtime's own come last. */
static int by_bytes_and_count(const void *left, const void *right, void *context)
{
	const struct group_row *a = left, *b = right;
	const struct stacks *stacks = context;
	uint32_t a_count = stacks->groups.items[a->group].count;
	uint32_t b_count = stacks->groups.items[b->group].count;

	bool a_system = stacks_is_system(&stacks->groups.items[a->group]);
	bool b_system = stacks_is_system(&stacks->groups.items[b->group]);

	if (a_system != b_system)
		return a_system ? 1 : -1;
	if (a->bytes != b->bytes)
		return a->bytes < b->bytes ? 1 : -1;
	if (a_count != b_count)
		return a_count < b_count ? 1 : -1;
	return (a->group > b->group) - (a->group < b->group);
}

/* By group: its place among the sorted rows. */
static uint32_t *rank_groups(const struct maker *maker)
{
	uint32_t *rank = memory_array(maker->rows.count, sizeof(*rank));

	for (size_t i = 0; i < maker->rows.count; i++)
		rank[maker->rows.items[i].group] = (uint32_t)i;
	return rank;
}

static json_t *frames_json(const struct goroutine_group *group)
{
	json_t *frames = json_array();

	vec_foreach (frame, &group->frames) {
		_cleanup_free_ char *line = naming_line(frame);

		json_array_append_new(frames,
			json_pack("{s:o, s:o}", "function", clean_json(frame->function.name),
				"line", clean_json(line)));
	}
	return frames;
}

/* "never wakes: ..."; "12 of them never wake: ..." */
static void add_proved_note(
	struct table *table, const struct goroutine_group *group, const struct group_row *row)
{
	_cleanup_free_ char *count = human_count(row->never_wake);
	const char *why = wake_text(row->why);

	if (group->count == 1)
		table_note(table, memory_format("never wakes: %s", why));
	else if (row->never_wake == group->count)
		table_note(table, memory_format("none of them ever wakes: %s", why));
	else
		table_note(table, memory_format("%s of them never wake: %s", count, why));
}

static void add_verdict_note(
	struct table *table, const struct goroutine_group *group, const struct group_row *row)
{
	_cleanup_free_ char *count = human_count(row->likely);

	if (row->never_wake)
		add_proved_note(table, group, row);
	else if (row->likely)
		table_note(
			table, memory_format("likely stuck%s%s: %s", group->count > 1 ? ", " : "",
				       group->count > 1 ? count : "", wake_text(row->why)));
}

static void add_group(const struct maker *maker, struct table *table, const struct group_row *row)
{
	const struct goroutine_group *group = &maker->stacks->groups.items[row->group];
	const struct goroutine *first = goroutine_at(maker, group->first);

	table_row(table);
	table_number(table, group->count);
	table_number(table, row->bytes);
	if (row->longest_ns)
		table_number(table, row->longest_ns);
	else
		table_none(table);
	table_text(table, goroutine_text_state(maker->analysis, first));
	table_take(table, goroutine_text_top(group));
	char *creator = goroutine_text_created_by(maker->analysis, first);
	table_text(table, creator);
	table_take(table, goroutine_text_function(maker->analysis, first->start_pc));
	table_json(table, json_boolean(stacks_is_system(group)));
	table_json(table, json_incref(row->goids));
	table_json(table, frames_json(group));
	table_number(table, row->never_wake);
	table_number(table, row->likely);
	add_verdict_note(table, group, row);
	if (*creator)
		table_note(table, memory_format("created by %s", creator));
	free(creator);
}

struct error *view_goroutines(
	const struct analysis *analysis, const struct view_options *options, struct view **ret)
{
	_cleanup_(cleanup_goroutine_verdicts) struct goroutine_verdicts *found = NULL;

	TRY(goroutine_verdicts_find(analysis, &found));
	const struct never_wakes *verdicts = found->wakes;
	struct maker maker = {
		.analysis = analysis,
		.stacks = &analysis->objects->stacks,
		.verdicts = verdicts,
		.now_ns = goroutine_clock(analysis),
	};
	struct view *view = view_create();
	struct table *groups = table_create(group_columns, ARRAY_SIZE(group_columns));
	struct table *goroutines = table_create(goroutine_columns, ARRAY_SIZE(goroutine_columns));

	sum_groups(&maker);
	if (maker.rows.count)
		qsort_r(maker.rows.items, maker.rows.count, sizeof(struct group_row),
			by_bytes_and_count, (void *)(uintptr_t)maker.stacks);
	maker.rank = rank_groups(&maker);
	size_t shown = options->limit ? MIN(options->limit, maker.rows.count) : maker.rows.count;
	for (size_t i = 0; i < shown; i++)
		add_group(&maker, groups, &maker.rows.items[i]);
	for (uint32_t i = 0; i < maker.stacks->goroutines.list.count; i++)
		add_goroutine(&maker, goroutines, i);
	target_summary_add(view, analysis);
	_cleanup_free_ char *count = human_count(maker.stacks->goroutines.list.count);
	_cleanup_free_ char *never = human_count(verdicts->count);
	view_line(view, LINE_PLAIN, "%s goroutines with %zu different stacks%s%s%s", count,
		maker.rows.count, verdicts->count ? " · " : "", verdicts->count ? never : "",
		verdicts->count ? " can never wake" : "");
	json_object_set_new(view_document(view), "goroutines", table_to_json(goroutines));
	json_object_set_new(view_document(view), "groups", table_to_json(groups));
	table_destroy(goroutines);
	view_line(view, LINE_PLAIN, "%s", "");
	view_table(view, groups);
	if (shown < maker.rows.count)
		view_line(view, LINE_DIM, "%zu more stacks (--limit=0 shows all)",
			maker.rows.count - shown);
	free(maker.rank);
	vec_foreach (row, &maker.rows)
		json_decref(row->goids);
	vec_deinit(&maker.rows);
	*ret = view;
	return NULL;
}
