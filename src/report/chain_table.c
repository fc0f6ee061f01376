#include "chain_table.h"

#include <inttypes.h>

#include "human.h"

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
	enum object_role role =
		object_type_at(&chain->analysis->typing->object_types,
			analysis_type(chain->analysis, node))->role;

	if (place + 1 == chain->path->nodes.count || node_is_virtual(chain->analysis->objects, node))
		return true;
	return role != ROLE_MAP_GROUPS && role != ROLE_MAP_TABLE && role != ROLE_MAP_DIRECTORY;
}

static json_t *others_json(const struct chain *chain, const struct cut *cut)
{
	json_t *others = json_array();

	for (uint64_t i = 0; i < MIN(cut->others, (uint64_t)CUT_OTHERS_KEPT); i++) {
		_cleanup_free_ char *name = naming_node(chain->naming, cut->other[i]);

		json_array_append_new(others, json_string(name));
	}
	return others;
}

static char *others_text(const struct chain *chain, const struct cut *cut)
{
	struct text text = {0};

	text_add(&text, "also held by ");
	for (uint64_t i = 0; i < MIN(cut->others, (uint64_t)CUT_OTHERS_KEPT); i++) {
		_cleanup_free_ char *name = naming_node(chain->naming, cut->other[i]);

		text_add(&text, "%s%s", i ? ", " : "", name);
	}
	if (cut->others > CUT_OTHERS_KEPT)
		text_add(&text, " and %" PRIu64 " more", cut->others - CUT_OTHERS_KEPT);
	return text_take(&text);
}

static char *link_text(const struct chain *chain, size_t place, size_t depth)
{
	node_t node = chain->path->nodes.items[place];

	if (place == 0 || node_is_virtual(chain->analysis->objects, node)) {
		_cleanup_free_ char *name = naming_node(chain->naming, node);

		return memory_format("%*s%s", (int)(depth * 2), "", name);
	}
	_cleanup_free_ char *reference =
		naming_reference(chain->naming, chain->path->nodes.items[place - 1], node);
	return memory_format("%*s%s", (int)(depth * 2), "", *reference ? reference : "->");
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
		table_number(chain->table,
			heap_address(chain->analysis->heap,
				object_of_node(chain->analysis->objects, node)));
	table_number(chain->table, cut->others);
	table_json(chain->table, others_json(chain, cut));
	if (cut->others)
		table_note(chain->table, others_text(chain, cut));
}

struct error *chain_table_add(struct view *view, const struct analysis *analysis, struct naming *naming,
	const struct path *path)
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
