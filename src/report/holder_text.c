#include "holder_text.h"

#include "clean.h"
#include "holder_names.h"
#include "human.h"

enum { NAMES_OF_NODE = 2 };

char *holder_text_members(
	struct naming *naming, const struct holding *holding, size_t first, size_t shown)
{
	struct text text = {0};
	size_t end = MIN(first + shown, holding->members.count);

	for (size_t i = first; i < end; i++) {
		_cleanup_free_ char *name = naming_holder(naming, holding->members.items[i].holder);

		text_add(&text, "%s%s", i > first ? ", " : "", name);
	}
	if (end < holding->members.count)
		text_add(&text, "%s%zu more", end > first ? " and " : "",
			holding->members.count - end);
	return text_take(&text);
}

char *holder_text_set(struct naming *naming, const struct holding *holding)
{
	if (!holding->members.count)
		return memory_format("more than %d holders", SET_MEMBERS_MAX);
	_cleanup_free_ char *first = naming_holder(naming, holding->members.items[0].holder);
	if (holding->members.count == 1)
		return memory_string(first);
	return memory_format("%s and %zu more", first, holding->members.count - 1);
}

char *holder_text_names(
	struct naming *naming, const struct analysis *analysis, set_t set, uint32_t shown)
{
	uint32_t count;
	const uint32_t *members = holder_sets_members(analysis->retention->sets, set, &count);

	return set == SET_MANY ? memory_format("more than %d holders", SET_MEMBERS_MAX)
			       : holder_names(naming, analysis->objects, members, count, shown);
}

char *holder_text_of_node(struct naming *naming, const struct analysis *analysis, node_t node)
{
	const struct retention *retention = analysis->retention;

	if (!retention_alive(retention, node))
		return memory_string("nobody: it waits for the collector");
	return holder_text_names(naming, analysis, retention_set(retention, node), NAMES_OF_NODE);
}

static bool is_shown(const struct analysis *analysis, const struct holding_step *step)
{
	if (node_is_virtual(analysis->objects, step->example))
		return virtual_of_node(analysis->objects, step->example)->kind == VIRTUAL_FRAME;
	return !object_type_is_inner(object_type_at(&analysis->typing->object_types, step->type));
}

/* The field or variable through which the step leads; an index or a key is that of one example
 * only. */
static char *step_label(struct naming *naming, const struct holding_step *step)
{
	char *label = naming_reference(naming, step->parent, step->example);

	if (label[0] == '[' || label[0] == '+') {
		free(label);
		return memory_string("");
	}
	return label;
}

char *holder_text_contents(
	struct naming *naming, const struct analysis *analysis, const struct holding *holding)
{
	struct text text = {0};

	vec_foreach (step, &holding->steps) {
		if (!is_shown(analysis, step))
			continue;
		_cleanup_free_ char *name = naming_node(naming, step->example);
		_cleanup_free_ char *label = step_label(naming, step);
		_cleanup_free_ char *count = human_count(step->count);

		text_add(&text, "%s%s%s%s", text.length ? " > " : "", label, *label ? " " : "",
			name);
		if (step->count > 1)
			text_add(&text, " x%s", count);
	}
	return text_take(&text);
}

json_t *holder_json_contents(const struct analysis *analysis, const struct holding *holding)
{
	json_t *steps = json_array();

	vec_foreach (step, &holding->steps) {
		if (node_is_virtual(analysis->objects, step->example))
			continue;
		json_array_append_new(steps,
			json_pack("{s:o, s:I, s:I}", "type",
				clean_json(
					object_type_at(&analysis->typing->object_types, step->type)
						->name),
				"count", (json_int_t)step->count, "bytes",
				(json_int_t)step->bytes));
	}
	return steps;
}
