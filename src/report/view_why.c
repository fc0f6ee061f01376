#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "findings.h"
#include "target_summary.h"
#include "views.h"
#include "why.h"

enum { SUGGESTIONS = 5 };

#define GOID_PREFIX "goid:"

static struct error *explain_address(struct why *why, addr_t address)
{
	const struct analysis *analysis = why->analysis;
	object_t object = heap_object_at(analysis->heap, address);

	if (object != NO_OBJECT)
		return why_node(why, node_of_object(analysis->objects, object));
	const struct object_graph *objects = analysis->objects;
	for (uint32_t i = 0; i < objects->variables.count; i++) {
		const struct go_variable *variable = &objects->variables.items[i];

		if (address - variable->address < variable->size)
			return why_node(why, objects->first_virtual + i);
	}
	return error_create(ERROR_USAGE,
		"there is no object at 0x%" PRIx64 ": it is free, or not in the heap", address);
}

static struct error *explain_row(struct why *why, uint64_t row)
{
	struct holdings holdings;

	TRY(holdings_find(why->analysis, 0, &holdings));
	struct error *error =
		row && row <= holdings.list.count
			? why_holding(why, &holdings.list.items[row - 1])
			: error_create(ERROR_USAGE, "the report has no row %" PRIu64 "; it has %zu",
				  row, holdings.list.count);
	holdings_deinit(&holdings);
	return error;
}

static bool find_variable(const struct why *why, const char *name, node_t *ret)
{
	const struct object_graph *objects = why->analysis->objects;

	for (uint32_t i = 0; i < objects->variables.count; i++) {
		_cleanup_free_ char *variable = naming_variable(why->naming, i);

		if (!strcmp(variable, name)) {
			*ret = objects->first_virtual + i;
			return true;
		}
	}
	return false;
}

static const char *find_type(const struct why *why, const char *name)
{
	const struct object_types *types = &why->analysis->typing->object_types;

	vec_foreach (type, &types->list) {
		if (!strcmp(type->name, name))
			return type->name;
	}
	return NULL;
}

/* Names that contain what was asked for. */
static struct error *not_found(const struct why *why, const char *what)
{
	const struct object_types *types = &why->analysis->typing->object_types;
	const struct object_graph *objects = why->analysis->objects;
	struct text text = {0};
	unsigned found = 0;

	vec_foreach (variable, &objects->variables) {
		if (variable->name && strstr(variable->name, what) && found++ < SUGGESTIONS)
			text_add(&text, "%s%s", text.length ? ", " : "", variable->name);
	}
	vec_foreach (type, &types->list) {
		if (strstr(type->name, what) && found++ < SUGGESTIONS)
			text_add(&text, "%s%s", text.length ? ", " : "", type->name);
	}
	_cleanup_free_ char *names = text_take(&text);
	return error_create(ERROR_USAGE,
		"no variable that refers to the heap and no type in it is named \"%s\"%s%s%s", what,
		*names ? "; did you mean " : "", names, found > SUGGESTIONS ? ", ..." : "");
}

static struct error *explain(struct why *why, const char *what)
{
	char *end;
	node_t node;
	uint64_t number;

	if (!strncmp(what, "0x", 2)) {
		addr_t address = strtoull(what, &end, 16);

		return *end ? error_create(ERROR_USAGE, "\"%s\" is not an address", what)
			    : explain_address(why, address);
	}
	if (!strncmp(what, GOID_PREFIX, strlen(GOID_PREFIX))) {
		const char *digits = what + strlen(GOID_PREFIX);
		uint64_t goid = strtoull(digits, &end, 10);

		return *end || !isdigit((unsigned char)*digits)
			       ? error_create(ERROR_USAGE, "\"%s\" is not a goroutine id", digits)
			       : why_goroutine(why, goid);
	}
	if (findings_is_number(what, &number))
		return why_finding(why, number);
	const char *digits = what[0] == '#' ? what + 1 : what;
	if (isdigit((unsigned char)*digits)) {
		uint64_t row = strtoull(digits, &end, 10);

		if (!*end)
			return explain_row(why, row);
	}
	if (find_variable(why, what, &node))
		return why_node(why, node);
	const char *type = find_type(why, what);
	return type ? why_type(why, type) : not_found(why, what);
}

struct error *view_why(const struct analysis *analysis, const struct view_options *options,
	const char *what, struct view **ret)
{
	struct why why = {
		.analysis = analysis,
		.naming = naming_create(analysis),
		.view = view_create(),
		.limit = options->limit,
	};

	target_summary_add(why.view, analysis);
	struct error *error = explain(&why, what);
	naming_destroy(why.naming);
	if (error) {
		view_destroy(why.view);
		return error;
	}
	*ret = why.view;
	return NULL;
}
