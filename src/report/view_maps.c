#include "holder_text.h"
#include "map_list.h"
#include "target_summary.h"
#include "views.h"

static const struct column columns[] = {
	{"retained", "retained_bytes", CELL_BYTES, false},
	{"entries", "entries", CELL_COUNT, false},
	{"slots", "slots", CELL_COUNT, false},
	{"tables", "table_bytes", CELL_BYTES, false},
	{"address", "addr", CELL_ADDRESS, false, true},
	{"type", "type", CELL_TEXT, true, true},
	{"held by", "holder", CELL_TEXT, true},
};

static void add_map(struct table *table, struct naming *naming, const struct analysis *analysis,
	const struct listed_map *map)
{
	table_row(table);
	table_number(table, map->retained_bytes);
	table_number(table, map->entries);
	table_number(table, map->slots);
	table_number(table, map->table_bytes);
	table_number(table, map->address);
	table_text(table, map->type->name);
	table_take(table, holder_text_of_node(naming, analysis, map->node));
}

struct error *view_maps(
	const struct analysis *analysis, const struct view_options *options, struct view **ret)
{
	_cleanup_(cleanup_naming) struct naming *naming = naming_create(analysis);
	struct map_list maps;

	TRY(map_list_find(analysis, &maps));
	struct view *view = view_create();
	struct table *table = table_create(columns, ARRAY_SIZE(columns));
	size_t shown = options->limit ? MIN(options->limit, maps.list.count) : maps.list.count;
	for (size_t i = 0; i < shown; i++)
		add_map(table, naming, analysis, &maps.list.items[i]);
	target_summary_add(view, analysis);
	json_object_set_new(view_document(view), "maps", table_to_json(table));
	view_line(view, LINE_PLAIN, "%s", "");
	view_table(view, table);
	if (shown < maps.list.count)
		view_line(view, LINE_DIM, "%zu more maps (--limit=0 shows all)",
			maps.list.count - shown);
	if (maps.unreadable)
		view_line(view, LINE_DIM, "%llu %s being changed, and could not be read",
			(unsigned long long)maps.unreadable,
			maps.unreadable == 1 ? "map was" : "maps were");
	map_list_deinit(&maps);
	*ret = view;
	return NULL;
}
