#include <inttypes.h>

#include "clean.h"
#include "human.h"
#include "never_wakes.h"
#include "target_summary.h"
#include "views.h"

enum { MAIN_GOID = 1 };

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
};

/* A group with what its goroutines sum up to. */
struct group_row {
	uint32_t group;
	uint64_t bytes;
	uint64_t longest_ns;
	json_t *goids;
};

struct maker {
	const struct analysis *analysis;
	const struct stacks *stacks;
	const struct never_wakes *verdicts;
	uint64_t now_ns; /* nanotime at the capture; the latest known when it was not recorded */
	VEC(struct group_row) rows;
};

static const struct goroutine *goroutine_at(const struct maker *maker, uint32_t number)
{
	return &maker->stacks->goroutines.list.items[number];
}

static uint64_t waited(const struct maker *maker, const struct goroutine *goroutine)
{
	return goroutine->status == GOROUTINE_WAITING && goroutine->wait_since &&
			       maker->now_ns > goroutine->wait_since
		       ? maker->now_ns - goroutine->wait_since
		       : 0;
}

static char *function_name(const struct maker *maker, addr_t pc)
{
	struct function function;

	return memory_string(goruntime_function(maker->stacks->runtime, pc, NULL, &function)
				     ? function.name
				     : "");
}

/* "main.start at task.go:40"; "" for the first goroutine. */
static char *created_by(const struct maker *maker, const struct goroutine *goroutine)
{
	struct group_frame frame = {.pc = goroutine->go_pc, .line_pc = goroutine->go_pc - 1};

	if (goroutine->goid == MAIN_GOID || !goroutine->go_pc ||
		!goruntime_function(
			maker->stacks->runtime, goroutine->go_pc, &frame.module, &frame.function))
		return memory_string("");
	_cleanup_free_ char *line = naming_line(&frame);
	return memory_format("%s%s%s", frame.function.name, *line ? " at " : "", line);
}

/* "main.worker at task.go:41" */
static char *top_of(const struct goroutine_group *group)
{
	const struct group_frame *frame = stacks_top(group);

	if (!frame)
		return memory_string("");
	_cleanup_free_ char *line = naming_line(frame);
	return memory_format("%s%s%s", frame->function.name, *line ? " at " : "", line);
}

static void add_goroutine(const struct maker *maker, struct table *table, uint32_t number)
{
	const struct goroutine *goroutine = goroutine_at(maker, number);
	const struct goroutine_group *group =
		&maker->stacks->groups.items[maker->stacks->group_of[number]];
	uint64_t wait = waited(maker, goroutine);

	table_row(table);
	table_number(table, goroutine->goid);
	table_text(table, goroutine_status_name(goroutine->status));
	table_text(table, goroutine_wait_reason(maker->stacks->runtime, goroutine));
	if (wait)
		table_number(table, wait);
	else
		table_none(table);
	table_take(table, function_name(maker, goroutine->start_pc));
	table_take(table, top_of(group));
	table_take(table, created_by(maker, goroutine));
	table_number(table, retention_retained(maker->analysis->retention,
				    object_graph_goroutine(maker->analysis->objects, number)));
	table_text(table, verdict_name(maker->verdicts->of[number].verdict));
	table_text(table, wake_text(maker->verdicts->of[number].why));
	table_number(table, maker->stacks->group_of[number]);
}

static void sum_groups(struct maker *maker)
{
	for (uint32_t i = 0; i < maker->stacks->groups.count; i++)
		vec_push(&maker->rows, {.group = i, .goids = json_array()});
	for (uint32_t i = 0; i < maker->stacks->goroutines.list.count; i++) {
		struct group_row *row = &maker->rows.items[maker->stacks->group_of[i]];

		row->bytes += retention_retained(maker->analysis->retention,
			object_graph_goroutine(maker->analysis->objects, i));
		row->longest_ns = MAX(row->longest_ns, waited(maker, goroutine_at(maker, i)));
		json_array_append_new(
			row->goids, json_integer((json_int_t)goroutine_at(maker, i)->goid));
	}
}

static int by_bytes_and_count(const void *left, const void *right, void *context)
{
	const struct group_row *a = left, *b = right;
	const struct stacks *stacks = context;
	uint32_t a_count = stacks->groups.items[a->group].count;
	uint32_t b_count = stacks->groups.items[b->group].count;

	if (a->bytes != b->bytes)
		return a->bytes < b->bytes ? 1 : -1;
	if (a_count != b_count)
		return a_count < b_count ? 1 : -1;
	return (a->group > b->group) - (a->group < b->group);
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

static void add_group(const struct maker *maker, struct table *table, const struct group_row *row)
{
	const struct goroutine_group *group = &maker->stacks->groups.items[row->group];
	const struct goroutine *first = goroutine_at(maker, group->first);
	const char *reason = goroutine_wait_reason(maker->stacks->runtime, first);

	table_row(table);
	table_number(table, group->count);
	table_number(table, row->bytes);
	if (row->longest_ns)
		table_number(table, row->longest_ns);
	else
		table_none(table);
	table_text(table, *reason ? reason : goroutine_status_name(first->status));
	table_take(table, top_of(group));
	char *creator = created_by(maker, first);
	table_text(table, creator);
	table_take(table, function_name(maker, first->start_pc));
	table_json(table, json_boolean(stacks_is_system(group)));
	table_json(table, json_incref(row->goids));
	table_json(table, frames_json(group));
	if (*creator)
		table_note(table, memory_format("created by %s", creator));
	free(creator);
}

/* Captures of silt know the time; in other cores the latest that the runtime noted must do. */
static uint64_t capture_time(const struct analysis *analysis)
{
	uint64_t latest = analysis->program->target->capture.monotonic_ns;

	if (latest)
		return latest;
	vec_foreach (goroutine, &analysis->objects->stacks.goroutines.list)
		latest = MAX(latest, goroutine->wait_since);
	return latest;
}

struct error *view_goroutines(
	const struct analysis *analysis, const struct view_options *options, struct view **ret)
{
	_cleanup_(cleanup_never_wakes) struct never_wakes *verdicts = NULL;

	TRY(never_wakes_find(analysis, &verdicts));
	struct maker maker = {
		.analysis = analysis,
		.stacks = &analysis->objects->stacks,
		.verdicts = verdicts,
		.now_ns = capture_time(analysis),
	};
	struct view *view = view_create();
	struct table *groups = table_create(group_columns, ARRAY_SIZE(group_columns));
	struct table *goroutines = table_create(goroutine_columns, ARRAY_SIZE(goroutine_columns));

	sum_groups(&maker);
	if (maker.rows.count)
		qsort_r(maker.rows.items, maker.rows.count, sizeof(struct group_row),
			by_bytes_and_count, (void *)(uintptr_t)maker.stacks);
	size_t shown = options->limit ? MIN(options->limit, maker.rows.count) : maker.rows.count;
	for (size_t i = 0; i < shown; i++)
		add_group(&maker, groups, &maker.rows.items[i]);
	for (uint32_t i = 0; i < maker.stacks->goroutines.list.count; i++)
		add_goroutine(&maker, goroutines, i);
	target_summary_add(view, analysis);
	_cleanup_free_ char *count = human_count(maker.stacks->goroutines.list.count);
	view_line(view, LINE_PLAIN, "%s goroutines with %zu different stacks", count,
		maker.rows.count);
	json_object_set_new(view_document(view), "goroutines", table_to_json(goroutines));
	json_object_set_new(view_document(view), "groups", table_to_json(groups));
	table_destroy(goroutines);
	view_line(view, LINE_PLAIN, "%s", "");
	view_table(view, groups);
	if (shown < maker.rows.count)
		view_line(view, LINE_DIM, "%zu more stacks (--limit=0 shows all)",
			maker.rows.count - shown);
	vec_foreach (row, &maker.rows)
		json_decref(row->goids);
	vec_deinit(&maker.rows);
	*ret = view;
	return NULL;
}
