#include <string.h>

#include "clean.h"
#include "crash_head.h"
#include "clock.h"
#include "finding_kind.h"
#include "findings.h"
#include "holder_text.h"
#include "holdings.h"
#include "human.h"
#include "memory_text.h"
#include "target_summary.h"
#include "views.h"

enum {
	NAMES_IN_NOTE = 4,
	SMALLEST_SHARE = 1000, /* rows below a thousandth of the heap are left out of the table */
	UNREACHED_SHARE = 100, /* a hundredth of what was marked is worth a note */
};

static const struct column columns[] = {
	{"#", NULL, CELL_COUNT, false},
	{"holds", "retained_bytes", CELL_BYTES, false},
	{"share", NULL, CELL_TEXT, false},
	{NULL, "objects", CELL_COUNT, false},
	{"held by", NULL, CELL_TEXT, true},
	{"what", NULL, CELL_TEXT, true},
	{NULL, "what", CELL_TEXT, false},
	{NULL, "type", CELL_TEXT, false},
	{NULL, "alone_bytes", CELL_BYTES, false},
	{NULL, "with", CELL_JSON, false},
	{NULL, "contents", CELL_JSON, false},
};

struct report {
	const struct analysis *analysis;
	struct naming *naming;
	struct view *view;
	struct inventory *inventory;
	struct finding_list findings;
	struct holdings holdings;
	uint64_t holdings_ns; /* the time that finding them took */
	json_t *notes;
};

static void add_note(struct report *report, char *note)
{
	json_array_append_new(report->notes, clean_json(note));
	view_line(report->view, LINE_DIM, "note: %s", note);
	free(note);
}

/* Live bytes of which at least one holder has a name. */
static uint64_t explained_bytes(const struct report *report)
{
	const struct retention *retention = report->analysis->retention;
	uint64_t bytes = retention->live_bytes - retention->sums[SET_EMPTY].bytes;

	for (uint32_t set = SET_MANY + 1; set < retention->set_count; set++) {
		uint32_t count;
		const uint32_t *members = holder_sets_members(retention->sets, (set_t)set, &count);
		bool known = false;

		for (uint32_t i = 0; i < count && !known; i++)
			known = naming_holder_known(report->naming, members[i]);
		if (!known)
			bytes -= retention->sums[set].bytes;
	}
	return bytes;
}

static void add_heap(struct report *report, uint64_t explained)
{
	const struct heap_figures *figures = &report->analysis->figures;
	json_t *heap = json_object();
	const struct {
		const char *key;
		uint64_t value;
	} values[] = {
		{"allocated_bytes", figures->allocated_bytes},
		{"live_bytes", figures->live_bytes},
		{"live_objects", figures->live_objects},
		{"edges", report->analysis->objects->graph.edges},
		{"explained_bytes", explained},
		{"typed_bytes", figures->typed_bytes},
		{"marked_bytes", figures->marked_bytes},
		{"marked_unreached_bytes", figures->marked_unreached_bytes},
	};

	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		json_object_set_new(heap, values[i].key, json_integer((json_int_t)values[i].value));
	json_object_set_new(view_document(report->view), "heap", heap);
}

static json_t *finding_times(const struct finding_list *findings)
{
	json_t *document = json_object();

	vec_foreach (time, &findings->times)
		json_object_set_new(document, time->what, json_integer((json_int_t)time->ns));
	return document;
}

static void add_times(struct report *report, uint64_t total)
{
	const struct analysis_times *times = &report->analysis->times;
	const struct analysis_peaks *peaks = &report->analysis->peaks;

	json_object_set_new(view_document(report->view), "timing_ns",
		json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:I, s:I}", "open",
			(json_int_t)times->open_ns, "heap", (json_int_t)times->heap_ns, "graph",
			(json_int_t)times->graph_ns, "types", (json_int_t)times->types_ns,
			"retention", (json_int_t)times->retention_ns, "findings",
			(json_int_t)report->findings.elapsed_ns, "by_finding",
			finding_times(&report->findings), "holders",
			(json_int_t)report->holdings_ns, "total", (json_int_t)total));
	json_object_set_new(view_document(report->view), "peak_bytes",
		json_pack("{s:I, s:I, s:I, s:I}", "open", (json_int_t)peaks->open_bytes, "heap",
			(json_int_t)peaks->heap_bytes, "graph", (json_int_t)peaks->graph_bytes,
			"retention", (json_int_t)peaks->retention_bytes));
}

static void add_summary(struct report *report, uint64_t explained, uint64_t elapsed_ns)
{
	const struct heap_figures *figures = &report->analysis->figures;
	const struct capture_facts *capture = &report->analysis->program->target->capture;
	_cleanup_free_ char *live = human_bytes(figures->live_bytes);
	_cleanup_free_ char *objects = human_rough_count(figures->live_objects);
	_cleanup_free_ char *share = human_percent(explained, figures->live_bytes);
	_cleanup_free_ char *typed = human_percent(figures->typed_bytes, figures->live_bytes);
	_cleanup_free_ char *pause = human_duration(capture->pause_ns);
	_cleanup_free_ char *elapsed = human_duration(elapsed_ns);
	_cleanup_free_ char *paused =
		capture->pause_ns ? memory_format(" · paused %s", pause) : memory_string("");
	uint64_t garbage = figures->allocated_bytes - figures->live_bytes;
	_cleanup_free_ char *waiting = human_bytes(garbage);

	view_line(report->view, LINE_PLAIN, "%s live in %s objects · %s explained · %s typed", live,
		objects, share, typed);
	view_line(report->view, LINE_PLAIN, "%s more wait for the collector%s · took %s", waiting,
		paused, elapsed);
}

static void add_members_json(
	struct report *report, struct table *table, const struct holding *holding)
{
	json_t *with = json_array();

	for (size_t i = 1; i < holding->members.count; i++) {
		_cleanup_free_ char *name =
			naming_holder(report->naming, holding->members.items[i].holder);

		json_array_append_new(with, clean_json(name));
	}
	table_json(table, with);
}

static void add_notes_of_row(
	struct report *report, struct table *table, const struct holding *holding)
{
	_cleanup_free_ char *contents =
		holder_text_contents(report->naming, report->analysis, holding);

	if (holding->members.count > 1) {
		_cleanup_free_ char *others =
			holder_text_members(report->naming, holding, 1, NAMES_IN_NOTE);

		table_note(table, memory_format("together with %s", others));
	}
	if (*contents)
		table_note(table, memory_format("in it: %s", contents));
}

static void add_row(struct report *report, struct table *table, const struct holding *holding)
{
	bool many = !holding->members.count;
	const struct holding_member *first = many ? NULL : &holding->members.items[0];
	_cleanup_free_ char *name = first ? naming_holder(report->naming, first->holder)
					  : holder_text_set(report->naming, holding);
	_cleanup_free_ char *type =
		first ? naming_holder_type(report->naming, first->holder) : memory_string("");

	table_row(table);
	table_number(table, table_rows(table) + 1);
	table_number(table, holding->bytes);
	table_take(table, human_percent(holding->bytes, report->analysis->figures.live_bytes));
	table_number(table, holding->objects);
	table_take(table, holder_text_set(report->naming, holding));
	table_text(table, type);
	table_text(table, name);
	table_text(table, type);
	table_number(table, first ? first->alone_bytes : 0);
	add_members_json(report, table, holding);
	table_json(table, holder_json_contents(report->analysis, holding));
	add_notes_of_row(report, table, holding);
}

static void add_holders(struct report *report, size_t limit)
{
	struct table *table = table_create(columns, ARRAY_SIZE(columns));
	uint64_t smallest = report->analysis->figures.live_bytes / SMALLEST_SHARE;
	uint64_t left_out = 0;

	vec_foreach (holding, &report->holdings.list) {
		if (limit && (table_rows(table) >= limit || holding->bytes < smallest))
			left_out += holding->bytes;
		else
			add_row(report, table, holding);
	}
	json_object_set_new(view_document(report->view), "holders", table_to_json(table));
	view_line(report->view, LINE_PLAIN, "%s", "");
	view_table(report->view, table);
	if (left_out) {
		_cleanup_free_ char *bytes = human_bytes(left_out);

		view_line(report->view, LINE_DIM,
			"the rest: %s in smaller holdings (--limit=0 shows all)", bytes);
	}
}

static void add_notes(struct report *report)
{
	const struct analysis *analysis = report->analysis;
	const struct object_graph *objects = analysis->objects;
	const struct heap_figures *figures = &analysis->figures;
	const struct capture_facts *capture = &analysis->program->target->capture;

	vec_foreach (note, &report->findings.notes)
		add_note(report, memory_string(*note));
	if (figures->marked_unreached_bytes > figures->marked_bytes / UNREACHED_SHARE) {
		_cleanup_free_ char *bytes = human_bytes(figures->marked_unreached_bytes);

		add_note(report,
			memory_format(
				"%s were alive at the last collection and are not reached: they have died since",
				bytes));
	}
	if (capture->unread_bytes) {
		_cleanup_free_ char *bytes = human_bytes(capture->unread_bytes);

		add_note(report, memory_format("%s of the target could not be read", bytes));
	}
	if (objects->stacks.incomplete)
		add_note(report,
			memory_format(
				"%u stacks could not be unwound to their ends, and were scanned conservatively",
				objects->stacks.incomplete));
	if (objects->unread_stacks)
		add_note(report,
			memory_format("%u stacks were not captured", objects->unread_stacks));
	if (objects->missing.variable_bytes || objects->missing.specials)
		add_note(report,
			memory_format(
				"%llu bytes of variables and %llu lists of finalizers could not be read",
				(unsigned long long)objects->missing.variable_bytes,
				(unsigned long long)objects->missing.specials));
	if (analysis->typing->object_types.full)
		add_note(report, memory_format("more than %d types: some objects have none",
					 MAX_OBJECT_TYPES));
	if (analysis->program->debuginfo_problem)
		add_note(report, memory_string(analysis->program->debuginfo_problem));
}

/* What needs most memory for itself comes first. */
static struct error *look(struct report *report)
{
	uint64_t began = clock_now();

	TRY(holdings_find(report->analysis, 0, &report->holdings));
	report->holdings_ns = clock_now() - began;
	TRY(inventory_take(report->analysis, &report->inventory));
	return findings_find(
		report->analysis, report->naming, report->inventory, NULL, &report->findings);
}

static struct error *fill(struct report *report, const struct view_options *options)
{
	uint64_t explained = explained_bytes(report);

	TRY(look(report));
	uint64_t elapsed = clock_now() - options->began_ns;
	target_summary_add(report->view, report->analysis);
	TRY(crash_head_add(report->view, report->analysis, report->naming));
	add_heap(report, explained);
	add_times(report, elapsed);
	add_summary(report, explained, elapsed);
	memory_text_add(report->view, &report->inventory->memory);
	findings_show(report->view, &report->findings, options->limit);
	add_holders(report, options->limit);
	add_notes(report);
	json_object_set(view_document(report->view), "notes", report->notes);
	return NULL;
}

struct error *view_report(
	const struct analysis *analysis, const struct view_options *options, struct view **ret)
{
	struct report report = {
		.analysis = analysis,
		.naming = naming_create(analysis),
		.view = view_create(),
		.notes = json_array(),
	};
	struct error *error = fill(&report, options);

	holdings_deinit(&report.holdings);
	inventory_destroy(report.inventory);
	finding_list_deinit(&report.findings);
	naming_destroy(report.naming);
	json_decref(report.notes);
	if (error) {
		view_destroy(report.view);
		return error;
	}
	*ret = report.view;
	return NULL;
}
