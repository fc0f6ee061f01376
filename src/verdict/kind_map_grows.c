/* Maps, sync.Maps too, that entries are only ever added to. The guard: the old entries are still
 * there, and it does not slow down (growing.h). Registries are a kind of their own. */
#include "finding_kind.h"
#include "growing.h"
#include "growing_finding.h"
#include "human.h"
#include "listeners.h"

struct finder {
	const struct evidence_base *base;
	struct finding_list *findings;
};

/* What the entries lead to; "" for a sync.Map, whose values may be anything. */
static const char *value_type(const struct evidence_base *base, const struct go_type *map)
{
	const struct go_type *value =
		map->kind == KIND_MAP ? types_at(&base->analysis->typing->types, map->elem) : NULL;

	return value ? value->name : "";
}

static void add(void *context, const struct growing *growing)
{
	struct finder *finder = context;
	const struct collection *now = growing->now;

	if (registry_is(finder->base, now))
		return;
	const char *values = value_type(finder->base, now->type);
	struct finding *finding =
		growing_finding_add(finder->base, growing, &map_grows, finder->findings);
	_cleanup_free_ char *each = human_bytes(now->held_bytes / now->entries);

	finding_note(finding, "each entry holds %s on average%s%s", each,
		*values ? ", in values of type " : "", values);
	finding_number(finding, "bytes_per_entry", EVIDENCE_BYTES, now->held_bytes / now->entries);
	finding_text(finding, "value_type", memory_string(values));
	finding->fix = "delete entries when their use ends, or give the map a bound or an expiry";
}

static struct error *find(const struct evidence_base *base, struct finding_list *findings)
{
	struct finder finder = {base, findings};

	if (base->growth)
		growing_each(base->growth, add, &finder);
	return NULL;
}

const struct finding_kind map_grows = {
	.name = "map-grows",
	.one = "map only grows",
	.many = "maps only grow",
	.sums = true,
	.find = find,
};
