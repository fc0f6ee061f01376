/* Many trees of map[string]any with the same keys: documents that were decoded without a struct.
 *
 * The price is counted: boxes, tables and keys as they are, against a struct that has all keys that
 * were seen (any_schema.h), by the size classes of the allocator. Of many trees only every n-th is
 * looked at; what these would free is then the least that all would.
 *
 * Guard: documents of which each has its own keys fit no struct; a few of them cost nothing worth
 * saving. Neither is a finding.
 */
#include <string.h>

#include "any_trees.h"
#include "finding_kind.h"
#include "human.h"

enum {
	VALUES_LOOKED_AT = 50000, /* of each group */
	MAX_GROUPS = 16,          /* that are looked at, the largest first */
	SMALLEST_SHARE = 50,      /* of the live bytes: less is no reason to change a program */
	FEWEST_MAPS = 64,         /* with the same keys */
	SAVED_PARTS = 4,          /* a quarter of what the trees hold at least */
	FIELDS_SHOWN = 3,
};

/* Has a map most of the keys, on average? */
static bool keys_repeat(const struct any_schema *schema)
{
	return schema->maps >= FEWEST_MAPS &&
	       schema->entries * 2 >= schema->fields.count * schema->maps;
}

static int by_bytes(const void *left, const void *right)
{
	const struct any_schema *const *a = left, *const *b = right;
	uint64_t a_bytes = any_schema_all_bytes(*a), b_bytes = any_schema_all_bytes(*b);

	return a_bytes < b_bytes ? 1 : a_bytes > b_bytes ? -1 : strcmp((*a)->key, (*b)->key);
}

/* The keys that hold most. */
static void add_fields_note(struct finding *finding, const struct any_schema *schema)
{
	uint64_t all = any_schema_all_bytes(schema);
	size_t count = schema->fields.count;
	_cleanup_free_ const struct any_schema **fields = memory_array(count, sizeof(*fields));
	struct text text = {0};

	for (size_t i = 0; i < count; i++)
		fields[i] = schema->fields.items[i];
	qsort(fields, count, sizeof(*fields), by_bytes);
	for (size_t i = 0; i < MIN(count, (size_t)FIELDS_SHOWN); i++) {
		_cleanup_free_ char *share = human_percent(any_schema_all_bytes(fields[i]), all);

		text_add(&text, "%s\"%s\" %s", i ? ", " : "", fields[i]->key, share);
	}
	_cleanup_free_ char *keys = text_take(&text);
	finding_note(finding, "keys that hold most: %s", keys);
	finding_text(finding, "largest_keys", take_pointer(keys));
}

struct price {
	uint64_t now_bytes;
	uint64_t struct_bytes;
	size_t looked_at;
	uint64_t unnamed;
};

static void add_price(struct finding *finding, const struct any_group *group,
	const struct any_schema *schema, const struct price *price)
{
	_cleanup_free_ char *now = human_bytes(price->now_bytes);
	_cleanup_free_ char *then = human_bytes(price->struct_bytes);
	_cleanup_free_ char *looked_at = human_count(price->looked_at);
	_cleanup_free_ char *all = human_count(group->count);
	const struct any_schema *largest = any_schema_largest_struct(schema);
	_cleanup_free_ char *maps = human_count(largest->maps);

	finding->detail =
		memory_format("%s maps with the same %zu keys", maps, largest->fields.count);
	if (price->looked_at < group->count)
		finding_note(finding, "of %s trees %s were looked at: the figures are of those",
			all, looked_at);
	finding_note(finding, "boxes, tables and keys take %s; in a struct the same data takes %s",
		now, then);
	if (price->unnamed)
		finding_note(finding, "the names of keys are not in the snapshot");
	else
		add_fields_note(finding, largest);
	finding_number(finding, "maps", EVIDENCE_COUNT, largest->maps);
	finding_number(finding, "keys", EVIDENCE_COUNT, largest->fields.count);
	finding_number(finding, "trees_looked_at", EVIDENCE_COUNT, price->looked_at);
	finding_number(finding, "now_bytes", EVIDENCE_BYTES, price->now_bytes);
	finding_number(finding, "struct_bytes", EVIDENCE_BYTES, price->struct_bytes);
}

static void add_finding(const struct any_group *group, const struct any_schema *schema,
	const struct price *price, struct finding_list *findings)
{
	struct finding *finding = finding_add(findings, &map_any, TIER_LIKELY);

	finding->node = group->largest;
	finding->count = group->count;
	finding->holds_bytes = group->retained_bytes;
	finding->frees_bytes = price->now_bytes - price->struct_bytes;
	finding->fix = "decode into a struct; silt schema prints the one that fits";
	add_price(finding, group, schema, price);
}

static void look_at_group(const struct evidence_base *base, const struct any_group *group,
	struct finding_list *findings)
{
	const struct analysis *analysis = base->analysis;
	_cleanup_(cleanup_any_schema) struct any_schema *schema = NULL;
	struct price price;

	price.looked_at = any_trees_schema(
		analysis, group->trees, group->count, VALUES_LOOKED_AT, &schema, &price.unnamed);
	price.now_bytes = any_schema_now_bytes(schema);
	price.struct_bytes = any_schema_struct_bytes(&analysis->program->runtime->layout, schema);
	const struct any_schema *largest = any_schema_largest_struct(schema);

	if (!largest || !keys_repeat(largest) || price.now_bytes <= price.struct_bytes ||
		(price.now_bytes - price.struct_bytes) * SAVED_PARTS < any_schema_all_bytes(schema))
		return;
	add_finding(group, schema, &price, findings);
}

static int by_retained(const void *left, const void *right)
{
	const struct any_group *a = left, *b = right;

	if (a->retained_bytes != b->retained_bytes)
		return a->retained_bytes < b->retained_bytes ? 1 : -1;
	return (a->trees > b->trees) - (a->trees < b->trees);
}

static struct error *find(const struct evidence_base *base, struct finding_list *findings)
{
	uint64_t least = base->analysis->figures.live_bytes / SMALLEST_SHARE;
	struct any_trees trees;

	any_trees_find(base->analysis, base->maps, &trees);
	if (trees.groups.count)
		qsort(trees.groups.items, trees.groups.count, sizeof(struct any_group),
			by_retained);
	for (size_t i = 0; i < MIN(trees.groups.count, (size_t)MAX_GROUPS); i++) {
		const struct any_group *group = &trees.groups.items[i];

		if (group->retained_bytes >= least &&
			finding_matters(base->analysis, group->retained_bytes))
			look_at_group(base, group, findings);
	}
	any_trees_deinit(&trees);
	return NULL;
}

const struct finding_kind map_any = {
	.name = "map-any",
	.one = "map[string]any trees",
	.find = find,
};
