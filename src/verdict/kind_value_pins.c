/* Maps whose small values keep something large alive: the request that they were made from, the
 * tree that their fields were taken from, the array that they are an element of (entry_pins.h).
 *
 * A few entries of each map are looked at; where most of them pin by the same fields, all are, and
 * what is found is exact.
 *
 * Guard: a cache is meant to keep large things, and a byte slice, a picture or a parsed template
 * that an entry keeps is what it is for. So the field alone is no evidence: what is kept belongs to
 * a request that is over, or nearly nothing of an array is referred to. A tree beside the strings
 * that were taken from it may still be read, and is only a hint.
 */
#include "entry_pins.h"
#include "finding_kind.h"
#include "gomap.h"
#include "human.h"
#include "mspan.h"

enum {
	MAX_MAPS = 2000, /* that are looked at, those that hold most */
	FEWEST_ENTRIES = 16,
	SAMPLE = 64,       /* entries of a map that are looked at first */
	SEARCHED = 500000, /* objects, for strings of entries */
	MAX_PARTS = 6,     /* of a map between its header and a value */
	USED_PARTS = 4,    /* of an array: a quarter at most is referred to */
	HINT_SHARE = 20,   /* of the live bytes, for a hint */
};

/* An array that entries are elements of. */
struct pinned_array {
	node_t node;
	uint64_t used;       /* its elements that are in the map */
	uint64_t kept_bytes; /* that only they keep alive */
};

struct pins {
	const struct analysis *analysis;
	struct pin_search *search;
	const struct listed_map *map;
	const struct go_type *elem;
	uint64_t wanted;  /* entries that are looked at */
	struct pin first; /* the one that the others are compared with */
	struct pin largest;
	uint64_t entries; /* that were looked at */
	uint64_t count;   /* of them, that pin in the same way */
	uint64_t bytes;
	uint64_t entry_bytes;
	VEC(struct pinned_array) arrays;
	struct addrmap array_of; /* node + 1 -> place in arrays */
};

static bool is_like(const struct pin *a, const struct pin *b)
{
	return a->kind == b->kind && a->way == b->way && a->type == b->type;
}

static void add_element(struct pins *pins, const struct pin *pin)
{
	uint32_t place;

	if (!addrmap_get(&pins->array_of, (addr_t)pin->node + 1, &place)) {
		place = (uint32_t)pins->arrays.count;
		addrmap_set(&pins->array_of, (addr_t)pin->node + 1, place);
		vec_push(&pins->arrays, {.node = pin->node});
	}
	pins->arrays.items[place].used++;
	pins->arrays.items[place].kept_bytes += pin->kept_bytes;
}

static void add_pin(struct pins *pins, const struct pin *pin)
{
	pins->count++;
	if (pin->bytes > pins->largest.bytes)
		pins->largest = *pin;
	if (pin->kind == PIN_ARRAY) {
		add_element(pins, pin);
		return;
	}
	pins->bytes += pin->bytes;
	pins->entry_bytes += pin->entry_bytes;
}

static bool look_at_entry(void *context, const struct map_entry *entry)
{
	struct pins *pins = context;
	struct pin pin = entry_pin(pins->search, pins->elem, entry->elem);

	pins->entries++;
	if (pin.kind != PIN_NONE && pins->first.kind == PIN_NONE)
		pins->first = pin;
	if (pin.kind != PIN_NONE && is_like(&pin, &pins->first))
		add_pin(pins, &pin);
	return pins->entries >= pins->wanted;
}

static void pins_reset(struct pins *pins)
{
	pins->entries = pins->count = pins->bytes = pins->entry_bytes = 0;
	vec_deinit(&pins->arrays);
	addrmap_deinit(&pins->array_of);
	pins->array_of = (struct addrmap){0};
}

/* Looks at so many entries; false: the map cannot be read. */
static bool look(struct pins *pins, uint64_t wanted)
{
	struct types *types = &pins->analysis->typing->types;
	struct go_map map;

	pins->wanted = wanted;
	pins_reset(pins);
	if (!gomap_open(types, pins->map->type, pins->map->address, &map) || map.writing)
		return false;
	gomap_entries(types, &map, look_at_entry, pins);
	return true;
}

/* Does nothing but the map keep it alive? */
static bool only_in_map(const struct pins *pins, node_t node)
{
	const struct analysis *analysis = pins->analysis;

	for (unsigned i = 0; i < MAX_PARTS; i++) {
		node = analysis->retention->idom[node];
		if (node == pins->map->node)
			return true;
		if (node_is_virtual(analysis->objects, node) ||
			!object_type_is_inner(object_type_at(
				&analysis->typing->object_types, analysis_type(analysis, node))))
			return false;
	}
	return false;
}

/* Arrays of which only a small part is referred to, and what copies of that part would save. */
static void add_arrays(struct pins *pins)
{
	const struct analysis *analysis = pins->analysis;
	const struct go_type *type = pins->first.type;
	uint64_t copy = slot_size_round(
		&analysis->program->runtime->layout, type->size, type->pointer_bytes);

	pins->count = 0;
	vec_foreach (array, &pins->arrays) {
		uint64_t copies = array->used * copy;
		uint64_t all = retention_retained(analysis->retention, array->node);

		if (!only_in_map(pins, array->node) || all < copies + array->kept_bytes ||
			copies * USED_PARTS >
				heap_size(analysis->heap,
					object_of_node(analysis->objects, array->node)))
			continue;
		pins->count += array->used;
		pins->entry_bytes += copies + array->kept_bytes;
		pins->bytes += all - copies - array->kept_bytes;
	}
}

static const char *fix_text(enum pin_kind kind)
{
	switch (kind) {
	case PIN_REQUEST:
		return "copy what is needed of the request into the entry, and do not keep it";
	case PIN_SOURCE:
		return "keep the fields that are read, not the tree that they were taken from; "
		       "copy strings out of it with strings.Clone";
	default:
		return "store a copy of the element in the map, not a pointer into the slice";
	}
}

static void add_detail(struct finding *finding, const struct pins *pins)
{
	_cleanup_free_ char *count = human_count(pins->count);
	_cleanup_free_ char *bytes = human_bytes(pins->bytes);
	_cleanup_free_ char *own =
		human_bytes(pins->entry_bytes - MIN(pins->bytes, pins->entry_bytes));
	_cleanup_free_ char *used = human_bytes(pins->entry_bytes);
	const char *type = pins->first.type ? pins->first.type->name : "data";

	if (pins->first.kind == PIN_ARRAY) {
		finding->detail = memory_format(
			"%s entries point into arrays of %s", count, pins->first.type->name);
		finding_note(finding,
			"%s of that are the elements that the map has; %s is of no use", used,
			bytes);
		return;
	}
	finding->detail = memory_format("%s entries keep %s", count, type);
	finding_note(finding, "%s in it, %s in the rest of these entries", bytes, own);
	finding_note(finding, "%s",
		pins->first.kind == PIN_REQUEST
			? "nothing else refers to it: what it was made for is over"
			: "strings beside it are parts of it: the entry was made from it");
}

static void add_finding(const struct pins *pins, struct finding_list *findings)
{
	enum tier tier = pins->first.kind == PIN_SOURCE ? TIER_HINT : TIER_LIKELY;
	struct finding *finding = finding_add(findings, &value_pins, tier);

	finding->node = pins->largest.node;
	finding->count = pins->count;
	finding->holds_bytes = pins->bytes;
	finding->frees_bytes = pins->bytes;
	finding->fix = fix_text(pins->first.kind);
	add_detail(finding, pins);
	finding_number(finding, "entries", EVIDENCE_COUNT, pins->map->entries);
	finding_number(finding, "pinning_entries", EVIDENCE_COUNT, pins->count);
	finding_number(finding, "entry_bytes", EVIDENCE_BYTES, pins->entry_bytes);
	finding_number(finding, "map_address", EVIDENCE_ADDRESS, pins->map->address);
}

static bool matters(const struct pins *pins)
{
	uint64_t live = pins->analysis->figures.live_bytes;

	return finding_matters(pins->analysis, pins->bytes) &&
	       (pins->first.kind != PIN_SOURCE || pins->bytes >= live / HINT_SHARE);
}

static void look_at_map(
	struct pin_search *search, const struct listed_map *map, struct finding_list *findings)
{
	struct pins pins = {
		.analysis = search->analysis,
		.search = search,
		.map = map,
		.elem = types_at(&search->analysis->typing->types, map->type->elem),
	};

	search->known = NULL;
	bool found = pins.elem && look(&pins, SAMPLE) && pins.first.kind != PIN_NONE &&
		     2 * pins.count >= pins.entries;
	search->known = &pins.first;
	if (found && look(&pins, map->entries)) {
		if (pins.first.kind == PIN_ARRAY)
			add_arrays(&pins);
		if (matters(&pins))
			add_finding(&pins, findings);
	}
	pins_reset(&pins);
}

static struct error *find(const struct evidence_base *base, struct finding_list *findings)
{
	struct pin_search search = {.analysis = base->analysis, .objects_left = SEARCHED};
	unsigned looked_at = 0;

	vec_foreach (map, &base->maps->list) {
		if (map->type->kind == KIND_MAP && map->entries >= FEWEST_ENTRIES &&
			looked_at++ < MAX_MAPS)
			look_at_map(&search, map, findings);
	}
	return NULL;
}

const struct finding_kind value_pins = {
	.name = "value-pins",
	.one = "values pin their source",
	.sums = true,
	.find = find,
};
