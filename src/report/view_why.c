#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "chain_table.h"
#include "clean.h"
#include "holder_text.h"
#include "holding_chain.h"
#include "human.h"
#include "table.h"
#include "target_summary.h"
#include "views.h"

enum { SUGGESTIONS = 5 };

struct why {
	const struct analysis *analysis;
	struct naming *naming;
	struct view *view;
	size_t limit;
};

static const struct column member_columns[] = {
	{"alone", "alone_bytes", CELL_BYTES, false},
	{"held by", "what", CELL_TEXT, true},
	{"what", "type", CELL_TEXT, true},
};

static const struct column set_columns[] = {
	{"objects", "objects", CELL_COUNT, false},
	{"shallow", "shallow_bytes", CELL_BYTES, false},
	{"held by", "holders", CELL_TEXT, true},
};

/* The shortest chain to a node. */
static struct error *add_chain(struct why *why, node_t node)
{
	struct path path;

	TRY(paths_to(why->analysis, NO_NODE, node, &path));
	struct error *error = chain_table_add(why->view, why->analysis, why->naming, &path);
	path_deinit(&path);
	return error;
}

static struct error *explain_node(struct why *why, node_t node)
{
	const struct analysis *analysis = why->analysis;
	bool alive = retention_alive(analysis->retention, node);
	_cleanup_free_ char *name = naming_node(why->naming, node);
	_cleanup_free_ char *type = naming_node_type(why->naming, node);
	_cleanup_free_ char *holders = holder_text_of_node(why->naming, analysis, node);
	uint64_t size = graph_weight(analysis_graph(analysis), node);
	uint64_t retained = retention_retained(analysis->retention, node);
	_cleanup_free_ char *size_text = human_bytes(size);
	_cleanup_free_ char *retained_text = human_bytes(retained);
	json_t *document = json_pack("{s:o, s:o, s:I, s:I, s:b, s:o}", "name", clean_json(name),
		"type", clean_json(type), "shallow_bytes", (json_int_t)size, "retained_bytes",
		(json_int_t)retained, "alive", alive, "held_by", clean_json(holders));

	if (!node_is_virtual(analysis->objects, node)) {
		addr_t address =
			heap_address(analysis->heap, object_of_node(analysis->objects, node));

		json_object_set_new(document, "address", json_sprintf("0x%" PRIx64, address));
		view_line(why->view, LINE_PLAIN, "%s at 0x%" PRIx64 ": %s itself, keeps %s alive",
			name, address, size_text, retained_text);
	} else {
		view_line(why->view, LINE_PLAIN, "%s%s%s: keeps %s alive", name, *type ? "  " : "",
			type, retained_text);
	}
	json_object_set_new(view_document(why->view), "object", document);
	view_line(why->view, LINE_PLAIN, "reached from %s", holders);
	return alive ? add_chain(why, node) : NULL;
}

static struct error *explain_address(struct why *why, addr_t address)
{
	const struct analysis *analysis = why->analysis;
	object_t object = heap_object_at(analysis->heap, address);

	if (object != NO_OBJECT)
		return explain_node(why, node_of_object(analysis->objects, object));
	const struct object_graph *objects = analysis->objects;
	for (uint32_t i = 0; i < objects->variables.count; i++) {
		const struct go_variable *variable = &objects->variables.items[i];

		if (address - variable->address < variable->size)
			return explain_node(why, objects->first_virtual + i);
	}
	return error_create(ERROR_USAGE,
		"there is no object at 0x%" PRIx64 ": it is free, or not in the heap", address);
}

/* Instances of a type, by the holders that reach them. */
struct instances {
	const struct analysis *analysis;
	const char *name;
	uint64_t *removed; /* bits by node */
	struct set_sum *by_set;
	struct set_sum total;
};

static bool is_instance(const struct instances *instances, node_t node)
{
	const struct analysis *analysis = instances->analysis;

	return !node_is_virtual(analysis->objects, node) &&
	       retention_alive(analysis->retention, node) &&
	       !strcmp(typing_name(analysis->typing, object_of_node(analysis->objects, node)),
		       instances->name);
}

static bool is_instance_target(const void *context, node_t node)
{
	return is_instance(context, node);
}

static void collect_instances(struct instances *instances)
{
	const struct graph *graph = analysis_graph(instances->analysis);

	for (node_t node = 0; node < graph->count; node++) {
		if (!is_instance(instances, node))
			continue;
		set_t set = retention_set(instances->analysis->retention, node);
		uint64_t bytes = graph_weight(graph, node);

		bitset_add(instances->removed, node);
		instances->by_set[set].objects++;
		instances->by_set[set].bytes += bytes;
		instances->total.objects++;
		instances->total.bytes += bytes;
	}
}

static char *set_text(struct why *why, set_t set)
{
	uint32_t count;
	const uint32_t *members = holder_sets_members(why->analysis->retention->sets, set, &count);
	struct text text = {0};

	if (set == SET_MANY)
		return memory_format("more than %d holders", SET_MEMBERS_MAX);
	for (uint32_t i = 0; i < count && i < 3; i++) {
		_cleanup_free_ char *name = naming_holder(why->naming, members[i]);

		text_add(&text, "%s%s", i ? ", " : "", name);
	}
	if (count > 3)
		text_add(&text, " and %u more", count - 3);
	return text_take(&text);
}

static void add_sets(struct why *why, struct instances *instances)
{
	struct table *table = table_create(set_columns, ARRAY_SIZE(set_columns));
	uint32_t sets = why->analysis->retention->set_count;

	for (size_t row = 0; !why->limit || row < why->limit; row++) {
		uint32_t best = 0;

		for (uint32_t set = 1; set < sets; set++) {
			if (instances->by_set[set].bytes > instances->by_set[best].bytes)
				best = set;
		}
		if (!instances->by_set[best].objects)
			break;
		table_row(table);
		table_number(table, instances->by_set[best].objects);
		table_number(table, instances->by_set[best].bytes);
		table_take(table, set_text(why, (set_t)best));
		instances->by_set[best] = (struct set_sum){0};
	}
	json_object_set_new(view_document(why->view), "holders", table_to_json(table));
	view_line(why->view, LINE_PLAIN, "%s", "");
	view_table(why->view, table);
}

static void add_type_summary(
	struct why *why, const struct instances *instances, const struct freed *freed)
{
	_cleanup_free_ char *count = human_count(instances->total.objects);
	_cleanup_free_ char *shallow = human_bytes(instances->total.bytes);
	_cleanup_free_ char *together = human_bytes(freed->bytes);

	json_object_set_new(view_document(why->view), "type",
		json_pack("{s:o, s:I, s:I, s:I}", "type", clean_json(instances->name), "objects",
			(json_int_t)instances->total.objects, "shallow_bytes",
			(json_int_t)instances->total.bytes, "retained_bytes",
			(json_int_t)freed->bytes));
	view_line(why->view, LINE_PLAIN, "%s x %s: %s themselves, together they keep %s alive",
		count, instances->name, shallow, together);
}

static struct error *explain_type(struct why *why, const char *name)
{
	const struct analysis *analysis = why->analysis;
	const struct graph *graph = analysis_graph(analysis);
	struct instances instances = {
		.analysis = analysis,
		.name = name,
		.removed = memory_array(BITSET_WORDS(graph->count), 8),
		.by_set = memory_array(analysis->retention->set_count, sizeof(struct set_sum)),
	};
	struct freed freed;
	struct path path = {0};

	collect_instances(&instances);
	struct error *error = cuts_free_together(analysis, instances.removed, &freed);
	if (!error) {
		add_type_summary(why, &instances, &freed);
		add_sets(why, &instances);
		error = paths_find(analysis, NO_NODE, is_instance_target, &instances, &path);
	}
	if (!error) {
		view_line(why->view, LINE_PLAIN, "%s", "");
		view_line(why->view, LINE_PLAIN, "the shortest chain to one of them:");
		error = chain_table_add(why->view, analysis, why->naming, &path);
	}
	path_deinit(&path);
	free(instances.removed);
	free(instances.by_set);
	return error;
}

/* Bytes that go when all holders of a set are let go: everything that only they reach. */
static uint64_t freed_by_all(const struct analysis *analysis, set_t set)
{
	const struct retention *retention = analysis->retention;
	uint64_t bytes = 0;

	for (uint32_t other = SET_MANY + 1; other < retention->set_count; other++) {
		if (holder_sets_within(retention->sets, (set_t)other, set))
			bytes += retention->sums[other].bytes;
	}
	return bytes;
}

static void add_members(struct why *why, const struct holding *holding)
{
	struct table *table = table_create(member_columns, ARRAY_SIZE(member_columns));

	vec_foreach (member, &holding->members) {
		table_row(table);
		table_number(table, member->alone_bytes);
		table_take(table, naming_holder(why->naming, member->holder));
		table_take(table, naming_holder_type(why->naming, member->holder));
	}
	json_object_set_new(view_document(why->view), "holders", table_to_json(table));
	view_table(why->view, table);
}

static void add_holding_summary(struct why *why, const struct holding *holding)
{
	_cleanup_free_ char *held = human_bytes(holding->bytes);
	_cleanup_free_ char *objects = human_count(holding->objects);
	uint64_t freed = freed_by_all(why->analysis, holding->set);
	_cleanup_free_ char *all = human_bytes(freed);

	json_object_set_new(view_document(why->view), "holding",
		json_pack("{s:I, s:I, s:I, s:i}", "retained_bytes", (json_int_t)holding->bytes,
			"objects", (json_int_t)holding->objects, "frees_bytes", (json_int_t)freed,
			"members", (int)holding->members.count));
	if (holding->members.count <= 1) {
		view_line(why->view, LINE_PLAIN,
			"held by one: %s in %s objects, all freed when it lets go", held, objects);
		return;
	}
	view_line(why->view, LINE_PLAIN,
		"held together by %zu: %s in %s objects; when only some of them let go, none of "
		"that is "
		"freed; when all do, %s",
		holding->members.count, held, objects, all);
}

static struct error *explain_holding(struct why *why, const struct holding *holding)
{
	_cleanup_free_ char *contents = holder_text_contents(why->naming, why->analysis, holding);

	add_holding_summary(why, holding);
	if (*contents)
		view_line(why->view, LINE_PLAIN, "in it: %s", contents);
	view_line(why->view, LINE_PLAIN, "%s", "");
	add_members(why, holding);
	if (!holding->members.count || !holding->steps.count)
		return NULL;
	struct path chain;
	TRY(holding_chain_find(why->analysis, holding, &chain));
	view_line(why->view, LINE_PLAIN, "%s", "");
	view_line(why->view, LINE_PLAIN, "the shortest chain to one of them:");
	struct error *error = chain_table_add(why->view, why->analysis, why->naming, &chain);
	path_deinit(&chain);
	return error;
}

static struct error *explain_row(struct why *why, uint64_t row)
{
	struct holdings holdings;

	TRY(holdings_find(why->analysis, 0, &holdings));
	struct error *error =
		row && row <= holdings.list.count
			? explain_holding(why, &holdings.list.items[row - 1])
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

	if (!strncmp(what, "0x", 2)) {
		addr_t address = strtoull(what, &end, 16);

		return *end ? error_create(ERROR_USAGE, "\"%s\" is not an address", what)
			    : explain_address(why, address);
	}
	const char *digits = what[0] == '#' ? what + 1 : what;
	if (isdigit((unsigned char)*digits)) {
		uint64_t row = strtoull(digits, &end, 10);

		if (!*end)
			return explain_row(why, row);
	}
	if (find_variable(why, what, &node))
		return explain_node(why, node);
	const char *type = find_type(why, what);
	return type ? explain_type(why, type) : not_found(why, what);
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
