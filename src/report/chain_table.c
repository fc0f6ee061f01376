#include "chain_table.h"

#include <inttypes.h>
#include <string.h>

#include "clean.h"

enum { INDENT = 2, NAMES_SHOWN = 3 };

static const struct column columns[] = {
	{"", "reference", CELL_TEXT, true},
	{"type", "type", CELL_TEXT, true},
	{"retains", "retained_bytes", CELL_BYTES, false},
	{"cut frees", "frees_bytes", CELL_BYTES, false},
	{NULL, "address", CELL_ADDRESS, false},
	{NULL, "other_references", CELL_COUNT, false},
	{NULL, "others", CELL_JSON, false},
};

struct chain {
	const struct analysis *analysis;
	struct naming *naming;
	const struct path *path;
	struct cuts cuts;
	struct table *table;
};

/* The parts of a map are not worth a line: the key says it all. */
static bool is_shown(const struct chain *chain, size_t place)
{
	node_t node = chain->path->nodes.items[place];

	if (place + 1 == chain->path->nodes.count ||
		node_is_virtual(chain->analysis->objects, node))
		return true;
	return !object_type_is_inner(object_type_at(
		&chain->analysis->typing->object_types, analysis_type(chain->analysis, node)));
}

/* Other references to a node, those of one name together. */
struct other {
	char *name;
	uint64_t count;
};

struct others {
	VEC(struct other) list;
};

static struct others others_of(const struct chain *chain, const struct cut *cut)
{
	struct others others = {0};

	for (uint64_t i = 0; i < MIN(cut->others, (uint64_t)CUT_OTHERS_KEPT); i++) {
		char *name = naming_node(chain->naming, cut->other[i]);
		struct other *known = NULL;

		vec_foreach (other, &others.list) {
			if (!strcmp(other->name, name))
				known = other;
		}
		if (known) {
			known->count++;
			free(name);
		} else {
			vec_push(&others.list, {name, 1});
		}
	}
	return others;
}

static void others_deinit(struct others *others)
{
	vec_foreach (other, &others->list)
		free(other->name);
	vec_deinit(&others->list);
}

static json_t *others_json(const struct others *others)
{
	json_t *list = json_array();

	vec_foreach (other, &others->list)
		json_array_append_new(list, clean_json(other->name));
	return list;
}

/* "also held by main.cacheEntry, 2 list.Element and 7 more" */
static char *others_text(const struct others *others, const struct cut *cut, size_t depth)
{
	struct text text = {0};
	uint64_t named = 0;

	text_add(&text, "%*salso held by ", (int)(depth * INDENT), "");
	for (size_t i = 0; i < MIN(others->list.count, (size_t)NAMES_SHOWN); i++) {
		const struct other *other = &others->list.items[i];

		text_add(&text, "%s", i ? ", " : "");
		if (other->count > 1)
			text_add(&text, "%" PRIu64 " ", other->count);
		text_add(&text, "%s", other->name);
		named += other->count;
	}
	if (named < cut->others)
		text_add(&text, " and %" PRIu64 " more", cut->others - named);
	return text_take(&text);
}

static char *link_text(const struct chain *chain, size_t place, size_t depth)
{
	node_t node = chain->path->nodes.items[place];

	if (place == 0 || node_is_virtual(chain->analysis->objects, node)) {
		_cleanup_free_ char *name = naming_node(chain->naming, node);

		return memory_format("%*s%s", (int)(depth * INDENT), "", name);
	}
	_cleanup_free_ char *reference =
		naming_reference(chain->naming, chain->path->nodes.items[place - 1], node);
	return memory_format("%*s%s", (int)(depth * INDENT), "", *reference ? reference : "->");
}

static bool is_pointee(const struct analysis *analysis, node_t node)
{
	const struct object_graph *objects = analysis->objects;
	const struct virtual_node *virtual = node_is_virtual(objects, node)
						     ? virtual_of_node(objects, node)
						     : NULL;

	return virtual && virtual->kind == VIRTUAL_VARIABLE &&
	       objects->variables.items[virtual->index].pointee;
}

static void add_link(struct chain *chain, size_t place, size_t depth)
{
	const struct cut *cut = &chain->cuts.list.items[place];
	node_t node = cut->node;
	bool is_virtual = node_is_virtual(chain->analysis->objects, node);

	table_row(chain->table);
	table_take(chain->table, link_text(chain, place, depth));
	table_take(chain->table, naming_node_type(chain->naming, node));
	table_number(chain->table, retention_retained(chain->analysis->retention, node));
	table_number(chain->table, cut->freed_bytes);
	if (is_virtual)
		table_none(chain->table);
	else
		table_number(chain->table, heap_address(chain->analysis->heap,
						   object_of_node(chain->analysis->objects, node)));
	table_number(chain->table, cut->others);
	struct others others = others_of(chain, cut);
	table_json(chain->table, others_json(&others));
	if (cut->others)
		table_note(chain->table, others_text(&others, cut, depth));
	others_deinit(&others);
	if (is_pointee(chain->analysis, node))
		table_note(chain->table,
			memory_string("what it points to is part of the program: to set the "
				      "variable to nil frees nothing, to clear its fields does"));
}

struct error *chain_table_add(struct view *view, const struct analysis *analysis,
	struct naming *naming, const struct path *path)
{
	struct chain chain = {.analysis = analysis, .naming = naming, .path = path};
	size_t depth = 0;

	TRY(cuts_of_path(analysis, path, &chain.cuts));
	chain.table = table_create(columns, ARRAY_SIZE(columns));
	for (size_t place = 0; place < path->nodes.count; place++) {
		if (is_shown(&chain, place))
			add_link(&chain, place, depth++);
	}
	json_object_set_new(view_document(view), "path", table_to_json(chain.table));
	view_line(view, LINE_PLAIN, "%s", "");
	view_table(view, chain.table);
	cuts_deinit(&chain.cuts);
	return NULL;
}
