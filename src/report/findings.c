#include "findings.h"

#include <string.h>

#include "clean.h"
#include "goroutine_text.h"
#include "human.h"
#include "stuck_groups.h"

static const struct column columns[] = {
	{NULL, "id", CELL_TEXT, false},
	{NULL, "kind", CELL_TEXT, false},
	{NULL, "tier", CELL_TEXT, false},
	{"holds", "holds_bytes", CELL_BYTES, false},
	{NULL, "frees_bytes", CELL_BYTES, false},
	{NULL, "stack_bytes", CELL_BYTES, false},
	{"count", "count", CELL_COUNT, false},
	{"verdict", NULL, CELL_TEXT, false},
	{"what", "what", CELL_TEXT, true},
	{NULL, "type", CELL_TEXT, false},
	{NULL, "longest_wait_ns", CELL_DURATION, false},
	{NULL, "created_by", CELL_TEXT, false},
	{NULL, "reason", CELL_TEXT, false},
	{NULL, "path", CELL_JSON, false},
	{NULL, "fix", CELL_TEXT, false},
};

struct findings {
	const struct analysis *analysis;
	const struct never_wakes *verdicts;
	struct view *view;
	struct table *table;
	uint64_t now_ns;
};

/* How a wait that nobody ends is avoided, by the way the wait reason begins. */
static const char *fix_text(const char *reason)
{
	static const struct {
		const char *reason;
		const char *fix;
	} fixes[] = {
		{"chan send (nil chan)", "make the channel before it is used"},
		{"chan receive (nil chan)", "make the channel before it is used"},
		{"chan send", "give the channel a buffer for the answer, or send in a select that "
			      "also waits for ctx.Done()"},
		{"chan receive", "close the channel when nothing more is sent, or receive in a "
				 "select that also waits for ctx.Done()"},
		{"select (no cases)", "let the goroutine end, or wait for ctx.Done()"},
		{"select", "cancel the context or close the channel of one of its cases before "
			   "letting go of it"},
		{"sync.WaitGroup", "call Done on every way out, and Add before the goroutine "
				   "starts"},
		{"sync.Cond", "signal or broadcast after every change of the condition, also on "
			      "the way out"},
		{"sync.Mutex", "unlock on every way out: defer Unlock()"},
		{"sync.RWMutex", "unlock on every way out: defer Unlock() or RUnlock()"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(fixes); i++) {
		if (!strncmp(reason, fixes[i].reason, strlen(fixes[i].reason)))
			return fixes[i].fix;
	}
	return "unlock or call Done on every way out";
}

/* From the outermost function of the program to the operation. */
static json_t *path_json(const struct goroutine_group *group, const char *state)
{
	json_t *path = json_array();

	for (size_t i = group->frames.count; i > 0; i--) {
		const struct group_frame *frame = &group->frames.items[i - 1];
		_cleanup_free_ char *text = goroutine_text_frame(frame);

		json_array_append_new(path, clean_json(text));
	}
	json_array_append_new(path, clean_json(state));
	return path;
}

/* What is also held by other goroutines that never wake stays when only these end. */
static void add_price_note(struct findings *findings, const struct stuck_group *stuck)
{
	_cleanup_free_ char *frees = human_bytes(stuck->frees_bytes);

	if (stuck->frees_bytes < stuck->holds_bytes)
		table_note(findings->table,
			memory_format("ending only %s frees %s: others that never wake hold the "
				      "rest as well",
				stuck->count > 1 ? "these" : "this one", frees));
}

static void add_origin_note(struct findings *findings, const char *created_by, uint64_t waited)
{
	_cleanup_free_ char *wait = human_duration(waited);
	struct text text = {0};

	if (*created_by)
		text_add(&text, "created by %s", created_by);
	if (waited)
		text_add(&text, "%shas waited for at least %s", text.length ? " · " : "", wait);
	if (text.length)
		table_note(findings->table, text_take(&text));
}

static void add_row(struct findings *findings, const struct stuck_group *stuck)
{
	const struct stacks *stacks = &findings->analysis->objects->stacks;
	const struct goroutine_group *group = &stacks->groups.items[stuck->group];
	const struct goroutine *first = &stacks->goroutines.list.items[stuck->first];
	const char *state = goroutine_text_state(findings->analysis, first);
	uint64_t waited = goroutine_waited(first, findings->now_ns);
	_cleanup_free_ char *top = goroutine_text_top(group);
	_cleanup_free_ char *created_by = goroutine_text_created_by(findings->analysis, first);
	struct table *table = findings->table;

	table_row(table);
	table_take(table, memory_format("goroutine-never-wakes/%s/%s", state, top));
	table_text(table, "goroutine-never-wakes");
	table_text(table, "proved");
	table_number(table, stuck->holds_bytes);
	table_number(table, stuck->frees_bytes);
	table_number(table, stuck->stack_bytes);
	table_number(table, stuck->count);
	table_text(table, stuck->count > 1 ? "never wake" : "never wakes");
	table_take(table, memory_format("%s: %s", top, state));
	table_text(table, state);
	if (waited)
		table_number(table, waited);
	else
		table_none(table);
	table_text(table, created_by);
	table_text(table, wake_text(findings->verdicts->of[stuck->first].why));
	table_json(table, path_json(group, state));
	table_text(table, fix_text(state));
	add_price_note(findings, stuck);
	add_origin_note(findings, created_by, waited);
}

static void add_summary(struct findings *findings, const struct stuck_groups *groups)
{
	_cleanup_free_ char *count = human_count(findings->verdicts->count);
	_cleanup_free_ char *frees = human_bytes(groups->frees_bytes);
	_cleanup_free_ char *stacks = human_bytes(groups->stack_bytes);
	bool one = findings->verdicts->count == 1;

	view_line(findings->view, LINE_PLAIN, "%s", "");
	view_line(findings->view, LINE_BOLD,
		"%s %s can never wake: nothing that can run reaches what %s for · %s and "
		"%s of stacks",
		count, one ? "goroutine" : "goroutines", one ? "it waits" : "they wait", frees,
		stacks);
	view_line(findings->view, LINE_PLAIN, "%s", "");
}

static void add_all(struct findings *findings, const struct stuck_groups *groups, size_t limit)
{
	size_t shown = limit ? MIN(limit, groups->list.count) : groups->list.count;

	for (size_t i = 0; i < shown; i++)
		add_row(findings, &groups->list.items[i]);
	json_object_set_new(
		view_document(findings->view), "findings", table_to_json(findings->table));
	if (!groups->list.count) {
		table_destroy(findings->table);
		return;
	}
	add_summary(findings, groups);
	view_table(findings->view, findings->table);
	if (shown < groups->list.count)
		view_line(findings->view, LINE_DIM, "%zu more places (--limit=0 shows all)",
			groups->list.count - shown);
}

struct error *findings_add(struct view *view, const struct analysis *analysis, size_t limit)
{
	_cleanup_(cleanup_never_wakes) struct never_wakes *verdicts = NULL;
	struct stuck_groups groups;

	TRY(never_wakes_find(analysis, &verdicts));
	TRY(stuck_groups_find(analysis, verdicts, &groups));
	struct findings findings = {
		.analysis = analysis,
		.verdicts = verdicts,
		.view = view,
		.table = table_create(columns, ARRAY_SIZE(columns)),
		.now_ns = goroutine_clock(analysis),
	};
	add_all(&findings, &groups, limit);
	stuck_groups_deinit(&groups);
	return NULL;
}
