#include "subject.h"

#include <string.h>

struct subject {
	const struct analysis *analysis;
	struct naming *naming;
	struct finding *finding;
	struct text name;
	char *last; /* the reference before, for those that are repeated */
	bool starred;
};

/* Without the numbers and keys in brackets; quoted keys may have brackets themselves. */
static char *without_keys(const char *reference)
{
	struct text text = {0};
	const char *open = strchr(reference, '['), *close = strrchr(reference, ']');

	if (!open || !close || close < open)
		return memory_string(reference);
	text_add_bytes(&text, reference, (size_t)(open - reference));
	text_add(&text, "[]%s", close + 1);
	return text_take(&text);
}

char *subject_reference(struct naming *naming, node_t from, node_t to)
{
	_cleanup_free_ char *reference = naming_reference(naming, from, to);

	return without_keys(reference);
}

static void add_reference(struct subject *subject, char *reference)
{
	bool repeated = subject->last && *reference && !strcmp(subject->last, reference);

	if (repeated && !subject->starred)
		text_add(&subject->name, "*");
	if (!repeated)
		text_add(&subject->name, "%s%s",
			*reference && !strchr(".[+,", *reference) ? "." : "", reference);
	subject->starred = repeated;
	free(subject->last);
	subject->last = reference;
}

/* "[] main.Session" */
static void add_link(struct subject *subject, const char *reference, node_t node)
{
	_cleanup_free_ char *type = naming_node_type(subject->naming, node);

	vec_push(&subject->finding->path,
		memory_format("%s%s%s", reference, *reference && *type ? "  " : "", type));
}

/* The name of a holder without the numbers of goroutines. */
static char *outermost(const struct subject *subject, node_t node)
{
	const struct object_graph *objects = subject->analysis->objects;
	const struct virtual_node *first = virtual_of_node(objects, node);

	if (first->kind != VIRTUAL_GOROUTINE)
		return naming_node(subject->naming, node);
	_cleanup_free_ char *function = naming_function_of_group(
		&objects->stacks.groups.items[objects->stacks.group_of[first->index]]);
	return memory_format("goroutine %s", function);
}

/* Parts of maps are passed over: the entry says it. */
static bool is_passed_over(const struct subject *subject, node_t node)
{
	const struct analysis *analysis = subject->analysis;

	return node != subject->finding->node && !node_is_virtual(analysis->objects, node) &&
	       object_type_is_inner(object_type_at(
		       &analysis->typing->object_types, analysis_type(analysis, node)));
}

/* ", frame main.handle" */
static void add_frame(struct subject *subject, node_t node)
{
	_cleanup_free_ char *name = naming_node(subject->naming, node);

	add_link(subject, name, node);
	add_reference(subject, memory_format(", %s", name));
}

static void add_node(struct subject *subject, node_t before, node_t node)
{
	if (node_is_virtual(subject->analysis->objects, node)) {
		add_frame(subject, node);
		return;
	}
	char *stable = subject_reference(subject->naming, before, node);

	add_link(subject, stable, node);
	add_reference(subject, stable);
}

static void name_by_path(struct subject *subject, const struct path *path)
{
	for (size_t i = 0; i < path->nodes.count; i++) {
		node_t node = path->nodes.items[i];

		if (i == 0) {
			_cleanup_free_ char *name = outermost(subject, node);

			text_add(&subject->name, "%s", name);
			add_link(subject, name, node);
		} else if (!is_passed_over(subject, node)) {
			add_node(subject, path->nodes.items[i - 1], node);
		}
	}
	free(subject->last);
}

char *subject_of_path(
	const struct analysis *analysis, struct naming *naming, const struct path *path)
{
	struct finding scratch = {.node = *vec_last(&path->nodes)};
	struct subject subject = {.analysis = analysis, .naming = naming, .finding = &scratch};

	name_by_path(&subject, path);
	vec_foreach (link, &scratch.path)
		free(*link);
	vec_deinit(&scratch.path);
	return text_take(&subject.name);
}

struct error *subject_of_node(
	const struct analysis *analysis, struct naming *naming, node_t node, char **ret)
{
	struct path path;

	TRY(paths_to(analysis, NO_NODE, node, &path));
	*ret = path.nodes.count ? subject_of_path(analysis, naming, &path)
				: naming_node(naming, node);
	path_deinit(&path);
	return NULL;
}

static void name_finding(const struct analysis *analysis, struct naming *naming,
	struct finding *finding, const struct path *path)
{
	struct subject subject = {.analysis = analysis, .naming = naming, .finding = finding};
	const struct object_graph *objects = analysis->objects;

	if (!finding->path.count)
		name_by_path(&subject, path);
	if (!finding->subject)
		finding->subject = subject.name.length ? text_take(&subject.name)
						       : naming_node(naming, finding->node);
	text_deinit(&subject.name);
	if (!finding->type)
		finding->type = naming_node_type(naming, finding->node);
	if (!finding->address && !node_is_virtual(objects, finding->node))
		finding->address =
			heap_address(analysis->heap, object_of_node(objects, finding->node));
}

struct error *subjects_name(
	const struct analysis *analysis, struct naming *naming, struct finding_list *findings)
{
	VEC(node_t) nodes = {0};
	size_t place = 0;

	vec_foreach (finding, &findings->list) {
		if (finding->node != NO_NODE)
			vec_push(&nodes, finding->node);
	}
	_cleanup_free_ struct path *paths = memory_array(nodes.count, sizeof(struct path));
	struct error *error =
		nodes.count ? paths_to_each(analysis, nodes.items, nodes.count, paths) : NULL;
	vec_deinit(&nodes);
	if (error)
		return error;
	vec_foreach (finding, &findings->list) {
		if (finding->node == NO_NODE)
			continue;
		name_finding(analysis, naming, finding, &paths[place]);
		path_deinit(&paths[place++]);
	}
	return NULL;
}
