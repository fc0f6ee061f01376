#include "why.h"

#include <inttypes.h>
#include <string.h>

#include "chain_start.h"
#include "chain_table.h"
#include "channel.h"
#include "clean.h"
#include "goroutine_text.h"
#include "holder_text.h"
#include "human.h"
#include "why_locks.h"

static const struct column awaited_columns[] = {
	{"waits for", "what", CELL_TEXT, true},
	{"address", "address", CELL_ADDRESS, false, true},
	{"reached from", "reached_from", CELL_TEXT, true},
};

static const struct column frame_columns[] = {
	{"stack", "function", CELL_TEXT, true},
};

/* The goroutine that is explained. */
struct subject {
	struct why *why;
	const struct never_wakes *verdicts;
	const struct goroutine_verdicts *found;
	const struct goroutine *goroutine;
	const struct goroutine_group *group;
	uint32_t number;
};

static const struct goroutine_wait *wait_of(const struct subject *subject)
{
	return &subject->verdicts->waits.of[subject->number];
}

static struct error *find_subject(
	struct why *why, const struct never_wakes *verdicts, uint64_t goid, struct subject *ret)
{
	const struct stacks *stacks = &why->analysis->objects->stacks;

	for (uint32_t i = 0; i < stacks->goroutines.list.count; i++) {
		if (stacks->goroutines.list.items[i].goid != goid)
			continue;
		*ret = (struct subject){.why = why,
			.verdicts = verdicts,
			.goroutine = &stacks->goroutines.list.items[i],
			.group = &stacks->groups.items[stacks->group_of[i]],
			.number = i};
		return NULL;
	}
	return error_create(ERROR_USAGE,
		"there is no goroutine %" PRIu64 "; silt goroutines --json lists them", goid);
}

static void add_origin(const struct subject *subject)
{
	const struct analysis *analysis = subject->why->analysis;
	uint64_t parent = subject->goroutine->parent_goid;
	uint64_t waited = goroutine_waited(analysis, subject->goroutine, goroutine_clock(analysis));
	_cleanup_free_ char *creator = goroutine_text_created_by(analysis, subject->goroutine);
	_cleanup_free_ char *wait = human_duration(waited);
	_cleanup_free_ char *by =
		parent ? memory_format(", goroutine %" PRIu64, parent) : memory_string("");

	if (*creator)
		view_line(subject->why->view, LINE_PLAIN, "created by %s%s", creator, by);
	if (waited)
		view_line(subject->why->view, LINE_PLAIN, "has waited for at least %s", wait);
}

static void add_verdict(const struct subject *subject)
{
	const struct goroutine_verdict *verdict = &subject->verdicts->of[subject->number];

	static const char *const texts[] = {
		[VERDICT_ALIVE] = "alive",
		[VERDICT_LIKELY] = "most likely never ends its wait",
		[VERDICT_NEVER_WAKES] = "can never wake",
	};

	view_line(subject->why->view, LINE_BOLD, "%s: %s", texts[verdict->verdict],
		wake_text(verdict->why));
}

static void add_document(const struct subject *subject, uint64_t holds)
{
	const struct analysis *analysis = subject->why->analysis;
	const struct goroutine *goroutine = subject->goroutine;
	const struct goroutine_verdict *verdict = &subject->verdicts->of[subject->number];
	_cleanup_free_ char *top = goroutine_text_top(subject->group);
	_cleanup_free_ char *creator = goroutine_text_created_by(analysis, goroutine);

	json_object_set_new(view_document(subject->why->view), "goroutine",
		json_pack("{s:I, s:s, s:o, s:s, s:s, s:o, s:o, s:I, s:I}", "goid",
			(json_int_t)goroutine->goid, "status",
			goroutine_status_name(goroutine->status), "wait_reason",
			clean_json(goroutine_wait_reason(analysis->program->runtime, goroutine)),
			"verdict", verdict_name(verdict->verdict), "reason",
			wake_text(verdict->why), "top", clean_json(top), "created_by",
			clean_json(creator), "parent_goid", (json_int_t)goroutine->parent_goid,
			"holds_bytes", (json_int_t)holds));
}

/* A channel that nobody whose type is known refers to still tells what it carries. */
static char *channel_name(const struct analysis *analysis, addr_t address)
{
	struct types *types = &analysis->typing->types;
	struct channel channel;

	return channel_read(types, address, &channel) && channel.element
		       ? memory_format("chan %s", channel.element->name)
		       : memory_string("a channel");
}

/* The object that it is, or the package variable that it is in. */
static char *awaited_name(const struct subject *subject, addr_t address)
{
	const struct analysis *analysis = subject->why->analysis;
	object_t object = heap_object_at(analysis->heap, address);
	const struct program *program = analysis->program;

	if (object != NO_OBJECT && analysis->typing->of[object] == NO_TYPE &&
		wait_of(subject)->kind == WAIT_CHANNEL)
		return channel_name(analysis, address);
	if (object != NO_OBJECT)
		return naming_node(subject->why->naming, node_of_object(analysis->objects, object));
	struct go_variable variable = variable_at(program->runtime, program->debuginfo, address);
	return memory_string(variable.name ? variable.name : "a package variable");
}

static char *awaited_holders(const struct subject *subject, addr_t address)
{
	const struct analysis *analysis = subject->why->analysis;
	object_t object = heap_object_at(analysis->heap, address);

	return object == NO_OBJECT ? memory_string("everywhere")
				   : holder_text_of_node(subject->why->naming, analysis,
					     node_of_object(analysis->objects, object));
}

static void add_awaited(const struct subject *subject)
{
	const struct goroutine_wait *wait = wait_of(subject);
	struct table *table = table_create(awaited_columns, ARRAY_SIZE(awaited_columns));

	for (uint32_t i = wait->first; i < wait->first + wait->count; i++) {
		addr_t object = subject->verdicts->waits.awaited.items[i].object;

		table_row(table);
		table_take(table, awaited_name(subject, object));
		table_number(table, object);
		table_take(table, awaited_holders(subject, object));
	}
	json_object_set_new(view_document(subject->why->view), "waits_for", table_to_json(table));
	if (!wait->count) {
		table_destroy(table);
		return;
	}
	view_line(subject->why->view, LINE_PLAIN, "%s", "");
	view_table(subject->why->view, table);
}

static bool is_reached(const struct subject *subject)
{
	enum wake why = subject->verdicts->of[subject->number].why;

	return why == WAKE_REACHED || why == WAKE_ORPHAN || why == WAKE_ONE_HOLDER;
}

/* Who has it, where the chain alone does not say that: a timer, a goroutine that sleeps. */
static void add_start(const struct subject *subject, const struct path *path)
{
	_cleanup_free_ char *start = chain_start_text(subject->why->analysis, path);

	if (!*start)
		return;
	view_line(subject->why->view, LINE_PLAIN, "held by %s", start);
	json_object_set_new(view_document(subject->why->view), "chain_start", clean_json(start));
}

/* Of a select, the first case for which there is a chain. */
static struct error *add_waker(const struct subject *subject)
{
	const struct goroutine_wait *wait = wait_of(subject);
	struct why *why = subject->why;
	struct path path = {0};

	if (!is_reached(subject))
		return NULL;
	for (uint32_t i = wait->first; i < wait->first + wait->count && !path.nodes.count; i++) {
		path_deinit(&path);
		TRY(never_wakes_chain(why->analysis, subject->verdicts, subject->number, i, &path));
	}
	view_line(why->view, LINE_PLAIN, "%s", "");
	view_line(why->view, LINE_PLAIN, "%s",
		path.nodes.count ? "who can wake it, by the shortest chain of references:"
				 : "what can wake it is referred to only by the scheduler, or by a "
				   "weak pointer");
	if (path.nodes.count)
		add_start(subject, &path);
	struct error *error =
		path.nodes.count ? chain_table_add(why->view, why->analysis, why->naming, &path)
				 : NULL;
	path_deinit(&path);
	return error;
}

static void add_stack(const struct subject *subject)
{
	struct table *table = table_create(frame_columns, ARRAY_SIZE(frame_columns));

	vec_foreach (frame, &subject->group->frames) {
		table_row(table);
		table_take(table, goroutine_text_frame(frame));
	}
	json_object_set_new(view_document(subject->why->view), "frames", table_to_json(table));
	view_line(subject->why->view, LINE_PLAIN, "%s", "");
	view_table(subject->why->view, table);
}

static struct error *explain(const struct subject *subject)
{
	const struct analysis *analysis = subject->why->analysis;
	uint64_t holds = retention_retained(
		analysis->retention, object_graph_goroutine(analysis->objects, subject->number));
	_cleanup_free_ char *holds_text = human_bytes(holds);
	_cleanup_free_ char *top = goroutine_text_top(subject->group);

	view_line(subject->why->view, LINE_PLAIN, "goroutine %" PRIu64 ": %s, %s; only it holds %s",
		subject->goroutine->goid, top, goroutine_text_state(analysis, subject->goroutine),
		holds_text);
	add_origin(subject);
	add_verdict(subject);
	add_document(subject, holds);
	add_awaited(subject);
	why_locks_add(subject->why, subject->found, subject->number);
	TRY(add_waker(subject));
	add_stack(subject);
	return NULL;
}

struct error *why_goroutine(struct why *why, uint64_t goid)
{
	_cleanup_(cleanup_goroutine_verdicts) struct goroutine_verdicts *verdicts = NULL;
	struct subject subject;

	TRY(goroutine_verdicts_find(why->analysis, &verdicts));
	TRY(find_subject(why, verdicts->wakes, goid, &subject));
	subject.found = verdicts;
	return explain(&subject);
}
