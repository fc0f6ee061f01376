#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "any_trees.h"
#include "clean.h"
#include "finding_kind.h"
#include "findings.h"
#include "human.h"
#include "schema_source.h"
#include "subject.h"
#include "views.h"

enum {
	VALUES_LOOKED_AT = 2000000,
	MAX_CLIMB = 1 << 16, /* dominators on the way from a tree to what was asked for */
	SUGGESTIONS = 5,
};

/* The trees that a schema is asked for, and what they are called. */
struct question {
	const struct analysis *analysis;
	struct naming *naming;
	struct inventory *inventory;
	struct any_trees trees;
	VEC(struct any_tree) chosen;
	struct finding_list groups; /* a finding for each group, for their names */
	char *holder;               /* the subject of the finding; NULL: by address */
};

static void question_deinit(struct question *question)
{
	finding_list_deinit(&question->groups);
	free(question->holder);
	vec_deinit(&question->chosen);
	any_trees_deinit(&question->trees);
	inventory_destroy(question->inventory);
	naming_destroy(question->naming);
}

/* Is a node kept alive by another one alone? */
static bool is_below(const struct retention *retention, node_t node, node_t above)
{
	for (unsigned i = 0; i < MAX_CLIMB && node != above && retention->idom[node] != node; i++)
		node = retention->idom[node];
	return node == above;
}

/* The map at the address, though it be inside of a tree; else all trees that the object holds. */
static struct error *choose_by_address(struct question *question, const char *what)
{
	const struct analysis *analysis = question->analysis;
	char *end;
	addr_t address = strtoull(what, &end, 16);

	if (*end)
		return error_create(ERROR_USAGE, "\"%s\" is not an address", what);
	object_t object = heap_object_at(analysis->heap, address);
	if (object == NO_OBJECT)
		return error_create(ERROR_USAGE,
			"there is no object at 0x%" PRIx64 ": it is free, or not in the heap",
			address);
	node_t node = node_of_object(analysis->objects, object);
	vec_foreach (map, &question->inventory->maps.list) {
		if (map->node == node && any_map_is(&analysis->typing->types, map->type))
			vec_push(&question->chosen, {.map = map});
	}
	vec_foreach (tree, &question->trees.list) {
		if (tree->map->node != node && is_below(analysis->retention, tree->map->node, node))
			vec_push(&question->chosen, *tree);
	}
	return question->chosen.count ? NULL
				      : error_create(ERROR_USAGE,
						"the object at 0x%" PRIx64
						" is no map[string]any and holds none alone",
						address);
}

static struct error *not_found(const struct question *question, const char *what)
{
	struct text text = {0};
	size_t shown = MIN(question->groups.list.count, (size_t)SUGGESTIONS);

	for (size_t i = 0; i < shown; i++) {
		_cleanup_free_ char *id = finding_id(&question->groups.list.items[i]);

		text_add(&text, "%s%s", i ? ", " : "", id);
	}
	_cleanup_free_ char *names = text_take(&text);
	return error_create(ERROR_USAGE, "there is no finding \"%s\"; %s%s", what,
		*names ? "there are " : "no map[string]any is alive", names);
}

static void choose_group(
	struct question *question, const struct any_group *group, const char *subject)
{
	if (!question->holder)
		question->holder = memory_string(subject);
	for (size_t i = 0; i < group->count; i++)
		vec_push(&question->chosen, group->trees[i]);
}

/* By the number of a finding in the report. */
static struct error *choose_by_number(struct question *question, uint64_t number)
{
	struct finding_list findings;
	const struct finding *finding;

	TRY(findings_numbered(question->analysis, question->naming, question->inventory, number,
		&findings, &finding));
	vec_foreach (group, &question->trees.groups) {
		if (finding->kind == &map_any && group->largest == finding->node)
			choose_group(question, group, finding->subject);
	}
	finding_list_deinit(&findings);
	return question->chosen.count
		       ? NULL
		       : error_create(
				 ERROR_USAGE, "finding f%" PRIu64 " is not one of map-any", number);
}

/* By the id of a finding, or what stands in the report. */
static struct error *choose_by_name(struct question *question, const char *what)
{
	for (size_t i = 0; i < question->groups.list.count; i++) {
		const struct finding *finding = &question->groups.list.items[i];
		_cleanup_free_ char *id = finding_id(finding);

		if (!strcmp(id, what) || !strcmp(finding->subject, what))
			choose_group(question, &question->trees.groups.items[i], finding->subject);
	}
	return question->chosen.count ? NULL : not_found(question, what);
}

static struct error *choose(struct question *question, const char *what)
{
	const struct analysis *analysis = question->analysis;
	uint64_t number;

	TRY(inventory_take(analysis, &question->inventory));
	any_trees_find(analysis, &question->inventory->maps, &question->trees);
	if (!strncmp(what, "0x", 2))
		return choose_by_address(question, what);
	if (findings_is_number(what, &number))
		return choose_by_number(question, number);
	vec_foreach (group, &question->trees.groups)
		finding_add(&question->groups, &map_any, TIER_LIKELY)->node = group->largest;
	TRY(subjects_name(analysis, question->naming, &question->groups));
	return choose_by_name(question, what);
}

/* The last name in "main.server.cache[]": Cache. */
static char *type_name(const struct question *question)
{
	struct text text = {0};
	const char *what = question->holder ? question->holder : "Root";
	const char *end = what + strlen(what), *begin;

	while (end > what && !isalnum((unsigned char)end[-1]))
		end--;
	begin = end;
	while (begin > what && isalnum((unsigned char)begin[-1]))
		begin--;
	_cleanup_free_ char *word = memory_string_n(begin, (size_t)(end - begin));
	schema_source_add_name(&text, word);
	return text_take(&text);
}

static void add_schema(struct view *view, const struct question *question,
	const struct any_schema *schema, size_t looked_at)
{
	const struct layout *layout = &question->analysis->program->runtime->layout;
	uint64_t now = any_schema_now_bytes(schema);
	uint64_t then = any_schema_struct_bytes(layout, schema);
	_cleanup_free_ char *now_text = human_bytes(now), *then_text = human_bytes(then);
	_cleanup_free_ char *trees = human_count(looked_at);
	_cleanup_free_ char *all = human_count(question->chosen.count);
	_cleanup_free_ char *name = type_name(question);
	struct text source = {0};

	text_add(&source,
		"// %s fits %s of %s trees. Their boxes, tables and keys take %s; as this struct %s.\n",
		name, trees, all, now_text, then_text);
	schema_source_add(&source, schema, name);
	json_object_set_new(view_document(view), "schema",
		json_pack("{s:I, s:I, s:I, s:I, s:o}", "trees", (json_int_t)question->chosen.count,
			"trees_looked_at", (json_int_t)looked_at, "now_bytes", (json_int_t)now,
			"struct_bytes", (json_int_t)then, "source",
			json_string_nocheck(clean_source(source.bytes))));
	view_source(view, text_take(&source));
}

static struct error *answer(struct question *question, const char *what, struct view *view)
{
	_cleanup_(cleanup_any_schema) struct any_schema *schema = NULL;
	uint64_t unnamed;

	TRY(choose(question, what));
	size_t looked_at = any_trees_schema(question->analysis, question->chosen.items,
		question->chosen.count, VALUES_LOOKED_AT, &schema, &unnamed);
	if (unnamed)
		return error_create(ERROR_UNSUPPORTED,
			"the names of keys are not in this snapshot; silt snap --contents writes "
			"one that has them");
	add_schema(view, question, schema, looked_at);
	return NULL;
}

struct error *view_schema(const struct analysis *analysis, const char *what, struct view **ret)
{
	struct question question = {.analysis = analysis, .naming = naming_create(analysis)};
	struct view *view = view_create();
	struct error *error = answer(&question, what, view);

	question_deinit(&question);
	if (error) {
		view_destroy(view);
		return error;
	}
	*ret = view;
	return NULL;
}
