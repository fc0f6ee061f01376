#include "crash_head.h"

#include <inttypes.h>

#include "clean.h"
#include "crash.h"
#include "goroutine_text.h"
#include "subject.h"

enum { GOROUTINES_SHOWN = 10 };

struct head {
	struct view *view;
	const struct analysis *analysis;
	const struct crash *crash;
	json_t *document;
};

/* "main.(*visits).add at main.go:42" */
static char *top_of(const struct head *head, uint32_t goroutine)
{
	const struct stacks *stacks = &head->analysis->objects->stacks;

	return goroutine_text_top(&stacks->groups.items[stacks->group_of[goroutine]]);
}

static json_t *add_goroutine(const struct head *head, uint32_t number, bool shown)
{
	const struct goroutine *goroutine =
		&head->analysis->objects->stacks.goroutines.list.items[number];
	const char *state = goroutine_text_state(head->analysis, goroutine);
	_cleanup_free_ char *top = top_of(head, number);

	if (shown)
		view_line(head->view, LINE_PLAIN, "goroutine %" PRIu64 ": %s, %s", goroutine->goid,
			top, state);
	return json_pack("{s:I, s:o, s:s, s:b}", "goid", (json_int_t)goroutine->goid, "top",
		clean_json(top), "state", state, "cause", number == head->crash->error.goroutine);
}

static void add_goroutines(const struct head *head)
{
	json_t *list = json_array();
	size_t count = head->crash->goroutines.count;

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, add_goroutine(head, head->crash->goroutines.items[i],
						    i < GOROUTINES_SHOWN));
	if (count > GOROUTINES_SHOWN)
		view_line(head->view, LINE_DIM, "and %zu more", count - GOROUTINES_SHOWN);
	json_object_set_new(head->document, "goroutines", list);
}

static struct error *add_map(const struct head *head, struct naming *naming)
{
	const struct map_call *map = &head->crash->map;
	object_t object = map->type ? heap_object_at(head->analysis->heap, map->map) : NO_OBJECT;
	_cleanup_free_ char *name = NULL;

	if (!map->type)
		return NULL;
	if (object == NO_OBJECT)
		name = memory_string("a map on a stack");
	else
		TRY(subject_of_node(head->analysis, naming,
			node_of_object(head->analysis->objects, object), &name));
	view_line(head->view, LINE_PLAIN, "the map: %s  %s", name, map->type->name);
	json_object_set_new(head->document, "map", clean_json(name));
	json_object_set_new(head->document, "map_type", clean_json(map->type->name));
	return NULL;
}

static struct error *add_crash(struct head *head, struct naming *naming)
{
	view_line(head->view, LINE_BOLD, "fatal error: %s", head->crash->error.message);
	json_object_set_new(head->document, "fatal_error", clean_json(head->crash->error.message));
	TRY(add_map(head, naming));
	add_goroutines(head);
	return NULL;
}

struct error *crash_head_add(
	struct view *view, const struct analysis *analysis, struct naming *naming)
{
	struct error *error = NULL;
	struct crash crash;
	struct head head = {view, analysis, &crash, NULL};

	crash_find(analysis, &crash);
	if (crash.found) {
		head.document = json_object();
		json_object_set_new(view_document(view), "crash", head.document);
		error = add_crash(&head, naming);
	}
	crash_deinit(&crash);
	return error;
}
