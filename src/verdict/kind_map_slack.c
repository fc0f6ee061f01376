/* Maps whose tables are far larger than their entries need: a map never gives tables back.
 *
 * A sync.Map of two maps (up to Go 1.23) is looked at as the two are; the trie of later versions
 * shrinks by itself and has no tables.
 *
 * Guard: a map that was made large and is about to be filled looks the same, but for what deleted
 * entries leave behind (map_tables.h). Without such traces there is no finding, so none either of a
 * map that was cleared: that is how one is used again.
 */
#include "finding_kind.h"
#include "human.h"
#include "map_tables.h"
#include "sync_map.h"

enum {
	SLACK_FACTOR = 4, /* tables of so many times what a new map gets */
	/* Of a full table at least one group in 128 has been full (1024 slots, mean 3.5 to 7 of 8).
	 */
	SLOTS_PER_TRACE = 4096,
	SMALLEST_TABLES = 1024, /* bytes: smaller maps are not worth rebuilding, however many */
};

/* A map, or several of one type and of the same holders, none of which matters alone. */
struct slack {
	const struct listed_map *map; /* the one with the largest tables */
	set_t set;
	uint64_t count;
	uint64_t entries;
	uint64_t needed_bytes; /* of the tables of new maps */
	uint64_t frees_bytes;
	struct map_tables tables;
};

struct slack_list {
	VEC(struct slack) list;
};

static void add_tables(struct map_tables *sum, const struct map_tables *tables)
{
	sum->bytes += tables->bytes;
	sum->slots += tables->slots;
	sum->deleted += tables->deleted;
	sum->overflow += tables->overflow;
}

static bool read_map(struct types *types, const struct heap *heap, const struct go_type *type,
	addr_t header, struct map_tables *tables)
{
	struct go_map map;

	return gomap_open(types, type, header, &map) && !map.writing &&
	       map_tables_read(types, heap, &map, tables);
}

/* Also the type whose tables a new one would have. */
static bool read_sync_map(struct types *types, const struct heap *heap,
	const struct listed_map *listed, struct map_tables *tables, const struct go_type **ret_type)
{
	struct sync_map map;

	if (!sync_map_read(types, listed->type, listed->address, &map) || !map.inner_type)
		return false;
	for (unsigned i = 0; i < ARRAY_SIZE(map.inner_maps); i++) {
		struct map_tables inner;

		if (!map.inner_maps[i])
			continue;
		if (!read_map(types, heap, map.inner_type, map.inner_maps[i], &inner))
			return false;
		add_tables(tables, &inner);
	}
	tables->deleted += map.deleted;
	*ret_type = map.inner_type;
	return true;
}

/* Does it show that it had more entries? Of several small maps some do by chance, some do not. */
static bool was_fuller(const struct map_tables *tables)
{
	uint64_t traces = tables->deleted + tables->overflow;

	return traces && traces >= tables->slots / SLOTS_PER_TRACE;
}

/* What it has too much, when it has. */
static bool has_slack(
	const struct evidence_base *base, const struct listed_map *map, struct slack *ret)
{
	const struct analysis *analysis = base->analysis;
	struct types *types = &analysis->typing->types;
	const struct go_type *type = map->type;
	struct slack slack = {.map = map, .count = 1, .entries = map->entries};

	if (map->table_bytes < SMALLEST_TABLES)
		return false;
	bool read = sync_map_is(map->type)
			    ? read_sync_map(types, analysis->heap, map, &slack.tables, &type)
			    : read_map(types, analysis->heap, type, map->address, &slack.tables);
	if (!read)
		return false;
	slack.needed_bytes = map_tables_bytes_of_new(types, type, map->entries);
	if (slack.tables.bytes < SLACK_FACTOR * slack.needed_bytes)
		return false;
	slack.set = retention_set(analysis->retention, map->node);
	slack.frees_bytes = slack.tables.bytes - slack.needed_bytes;
	*ret = slack;
	return true;
}

static void add_detail(struct finding *finding, const struct slack *slack)
{
	_cleanup_free_ char *entries = human_count(slack->entries);
	_cleanup_free_ char *slots = human_count(slack->tables.slots);
	_cleanup_free_ char *needed = human_bytes(slack->needed_bytes);
	_cleanup_free_ char *traces = human_count(slack->tables.deleted + slack->tables.overflow);
	_cleanup_free_ char *bytes = human_bytes(slack->tables.bytes);

	finding->detail = memory_format("%s of %s slots used", entries, slots);
	finding_note(
		finding, "tables of %s, a new map of %s entries needs %s", bytes, entries, needed);
	finding_note(finding,
		slack->tables.overflow
			? "it was much fuller: %s overflow buckets and slots of deleted entries"
			: "it was much fuller: %s slots of deleted entries in groups that were full",
		traces);
}

static void add_finding(const struct slack *slack, struct finding_list *findings)
{
	struct finding *finding = finding_add(findings, &map_slack, TIER_LIKELY);

	finding->node = slack->map->node;
	finding->count = slack->count;
	finding->holds_bytes = slack->tables.bytes;
	finding->frees_bytes = slack->frees_bytes;
	finding->fix = "after a purge, copy the entries that are left into a new map and drop the "
		       "old one; delete and clear keep its tables";
	add_detail(finding, slack);
	finding_number(finding, "entries", EVIDENCE_COUNT, slack->entries);
	finding_number(finding, "slots", EVIDENCE_COUNT, slack->tables.slots);
	finding_number(finding, "deleted_slots", EVIDENCE_COUNT, slack->tables.deleted);
	finding_number(finding, "overflow_buckets", EVIDENCE_COUNT, slack->tables.overflow);
	finding_number(finding, "table_bytes", EVIDENCE_BYTES, slack->tables.bytes);
	finding_number(finding, "needed_bytes", EVIDENCE_BYTES, slack->needed_bytes);
}

/* By type and holders, the largest first. */
static int by_group(const void *left, const void *right)
{
	const struct slack *a = left, *b = right;

	if (a->map->type->number != b->map->type->number)
		return a->map->type->number < b->map->type->number ? -1 : 1;
	if (a->set != b->set)
		return a->set < b->set ? -1 : 1;
	if (a->tables.bytes != b->tables.bytes)
		return a->tables.bytes < b->tables.bytes ? 1 : -1;
	return (a->map->address > b->map->address) - (a->map->address < b->map->address);
}

static void add_groups(const struct analysis *analysis, const struct slack_list *small,
	struct finding_list *findings)
{
	for (size_t i = 0; i < small->list.count;) {
		struct slack sum = small->list.items[i++];

		for (; i < small->list.count; i++) {
			const struct slack *next = &small->list.items[i];

			if (next->map->type != sum.map->type || next->set != sum.set)
				break;
			sum.count++;
			sum.entries += next->entries;
			sum.needed_bytes += next->needed_bytes;
			sum.frees_bytes += next->frees_bytes;
			add_tables(&sum.tables, &next->tables);
		}
		if (was_fuller(&sum.tables) && finding_matters(analysis, sum.frees_bytes))
			add_finding(&sum, findings);
	}
}

static struct error *find(const struct evidence_base *base, struct finding_list *findings)
{
	struct slack_list small = {0};

	vec_foreach (map, &base->maps->list) {
		struct slack slack;

		if (!has_slack(base, map, &slack))
			continue;
		if (!finding_matters(base->analysis, slack.frees_bytes))
			vec_push(&small.list, slack);
		else if (was_fuller(&slack.tables))
			add_finding(&slack, findings);
	}
	if (small.list.count)
		qsort(small.list.items, small.list.count, sizeof(struct slack), by_group);
	add_groups(base->analysis, &small, findings);
	vec_deinit(&small.list);
	return NULL;
}

const struct finding_kind map_slack = {
	.name = "map-slack",
	.one = "map does not shrink",
	.many = "maps do not shrink",
	.sums = true,
	.find = find,
};
