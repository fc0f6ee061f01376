/* Strings and slices that keep an array many times as large as what they show of it: a substring
 * of a document, the rest of a queue that was cut at its front, arrays made with far too much room.
 *
 * Guards. Another reference that shows the whole (the parser that keeps its document, a ring, a
 * buffer that is filled) and one that is not a string or slice of known type (a frame, an arena's
 * own pointer) make an array used. A slice from the beginning of its array with room behind its end
 * may be a buffer that is being filled: it counts only among many of one field, nearly all of which
 * are as empty, and never proves anything for bytes.
 */
#include "bitset.h"
#include "finding_kind.h"
#include "human.h"
#include "value_evidence.h"

enum {
	USED_SHARE = 20,           /* of a pinned array less than one in so many bytes is shown */
	ROOM_SHARE = 8,            /* of a roomy one */
	MANY_ROOMY = 64,           /* arrays of one field */
	ROOMY_SMALLEST_SHARE = 50, /* of the live bytes: room for later is cheap */
	ROOMY_PERCENT = 90,        /* of the slices in that field */
	FEW_ARRAYS = 4,            /* a queue or two, rather than many parts of something */
};

/* What is wrong with an array. */
enum pin {
	PIN_NONE,
	PIN_PART, /* a small part of it is shown */
	PIN_ROOM, /* it is made for more than it has */
};

/* The arrays of one place. */
struct pinned {
	uint32_t place;
	enum pin pin;
	node_t largest;
	uint64_t arrays;
	uint64_t array_bytes, used_bytes, holds_bytes, frees_bytes;
};

struct pins {
	const struct evidence_base *base;
	uint64_t *wanted; /* bits by node: what may be pinned */
	bool any;
	struct addrmap places; /* place << 1 | is room, plus one -> number of the group */
	VEC(struct pinned) groups;
};

static enum pin pin_of(const struct cover *cover, uint64_t size)
{
	if (cover->roomy)
		return cover->seen == 1 && cover->shown_bytes &&
				       cover->shown_bytes < size / ROOM_SHARE
			       ? PIN_ROOM
			       : PIN_NONE;
	return cover->shown_bytes < size / USED_SHARE ? PIN_PART : PIN_NONE;
}

static void choose(void *context, struct cover *cover, object_t object)
{
	struct pins *pins = context;
	const struct analysis *analysis = pins->base->analysis;

	if (!pin_of(cover, heap_size(analysis->heap, object)) ||
		value_place_is_of_runtime(
			analysis, &pins->base->values->places.list.items[cover_place(cover)]))
		return;
	bitset_add(pins->wanted, node_of_object(analysis->objects, object));
	pins->any = true;
}

/* References of an array to others, in the part that is shown and in the rest. */
struct elements {
	const struct analysis *analysis;
	uint64_t low, high, begin;
	struct addrmap shown; /* node + 1 */
	VEC(node_t) hidden;
};

static void note_element(void *context, uint64_t offset, addr_t value)
{
	struct elements *elements = context;
	object_t object = value ? heap_object_at(elements->analysis->heap, value) : NO_OBJECT;

	if (object == NO_OBJECT)
		return;
	node_t node = node_of_object(elements->analysis->objects, object);
	if (offset - elements->begin >= elements->low && offset - elements->begin < elements->high)
		addrmap_set(&elements->shown, (addr_t)node + 1, 0);
	else
		vec_push(&elements->hidden, node);
}

/* What only elements that are not shown keep alive: nothing else refers to it, so a copy of the
 * shown part would let go of it. */
static uint64_t hidden_bytes(
	const struct analysis *analysis, const struct cover *cover, object_t object)
{
	const struct span *span = heap_span_of(analysis->heap, object);
	struct elements elements = {.analysis = analysis,
		.low = cover_low(cover),
		.high = cover->high,
		.begin = span_header_bytes(span)};
	uint64_t bytes = 0;

	pointer_map_each(analysis->maps, analysis->heap, span, object - span->first, note_element,
		&elements);
	vec_foreach (node, &elements.hidden) {
		if (analysis->retention->idom[*node] != node_of_object(analysis->objects, object) ||
			addrmap_get(&elements.shown, (addr_t)*node + 1, NULL))
			continue;
		addrmap_set(&elements.shown, (addr_t)*node + 1, 0);
		bytes += retention_retained(analysis->retention, *node);
	}
	addrmap_deinit(&elements.shown);
	vec_deinit(&elements.hidden);
	return bytes;
}

static struct pinned *group_of(struct pins *pins, uint32_t place, enum pin pin)
{
	addr_t key = ((addr_t)place << 1 | (pin == PIN_ROOM)) + 1;
	uint32_t number;

	if (!addrmap_get(&pins->places, key, &number)) {
		number = (uint32_t)pins->groups.count;
		vec_push(&pins->groups, {.place = place, .pin = pin, .largest = NO_NODE});
		addrmap_set(&pins->places, key, number);
	}
	return &pins->groups.items[number];
}

static void add_array(void *context, struct cover *cover, object_t object)
{
	struct pins *pins = context;
	const struct analysis *analysis = pins->base->analysis;
	node_t node = node_of_object(analysis->objects, object);
	uint64_t size = heap_size(analysis->heap, object);

	if (!bitset_has(pins->wanted, node) || cover->references != cover->seen ||
		cover->copy_bytes >= size)
		return;
	struct pinned *group = group_of(pins, cover_place(cover), pin_of(cover, size));
	if (group->largest == NO_NODE ||
		size > graph_weight(analysis_graph(analysis), group->largest))
		group->largest = node;
	group->arrays++;
	group->array_bytes += size;
	group->used_bytes += cover->shown_bytes;
	group->holds_bytes += retention_retained(analysis->retention, node);
	group->frees_bytes += size - cover->copy_bytes + hidden_bytes(analysis, cover, object);
}

static const struct value_place *place_of(const struct pins *pins, const struct pinned *group)
{
	return &pins->base->values->places.list.items[group->place];
}

static bool is_of_bytes(const struct value_place *place)
{
	return place->action == SCAN_STRING || place->type->kind == KIND_UINT8;
}

/* Is the slice itself the element of an array or a value of a map? */
static bool is_element(const struct pins *pins, const struct value_place *place)
{
	const struct object_type *owner =
		object_type_at(&pins->base->analysis->typing->object_types, place->owner);

	switch (owner->role) {
	case ROLE_ARRAY:
		return owner->type->kind == KIND_SLICE;
	case ROLE_MAP_GROUPS: {
		const struct go_type *elem =
			types_at(&pins->base->analysis->typing->types, owner->type->elem);

		return elem && elem->kind == KIND_SLICE;
	}
	default:
		return false;
	}
}

/* May it be that somebody is filling them? */
static bool may_be_buffers(const struct pins *pins, const struct value_place *place)
{
	return is_of_bytes(place) && !is_element(pins, place);
}

static bool is_leak(const struct pins *pins, const struct pinned *group)
{
	const struct analysis *analysis = pins->base->analysis;
	uint64_t all = slice_covers_of_place(pins->base->values->covers, group->place);

	if (!finding_matters(analysis, group->frees_bytes))
		return false;
	return group->pin == PIN_PART ||
	       (group->arrays >= MANY_ROOMY && group->arrays * 100 >= all * ROOMY_PERCENT &&
		       group->frees_bytes >= analysis->figures.live_bytes / ROOMY_SMALLEST_SHARE &&
		       !may_be_buffers(pins, place_of(pins, group)));
}

static const char *fix_text(const struct value_place *place, const struct pinned *group)
{
	if (group->pin == PIN_ROOM)
		return "make the slice as long as it gets, or copy it when it is complete: "
		       "append([]T(nil), s...)";
	if (place->action == SCAN_STRING)
		return "keep a copy of the part: strings.Clone(s)";
	return group->arrays < FEW_ARRAYS
		       ? "copy what is left into a new slice now and then, or use a ring or list; "
			 "set elements to nil when they are taken out"
		       : "keep a copy of the part: append([]T(nil), s...)";
}

static void add_notes(struct finding *finding, const struct pins *pins,
	const struct value_place *place, const struct pinned *group)
{
	_cleanup_free_ char *text =
		value_place_text(pins->base->analysis, pins->base->naming, place);
	_cleanup_free_ char *frees = human_bytes(group->frees_bytes);

	finding_note(finding, "%s in %s: %s would free %s",
		place->action == SCAN_STRING ? "strings" : "slices", text,
		group->pin == PIN_ROOM ? "room for what they have, and no more,"
				       : "copies of the parts in use",
		frees);
	finding_text(finding, "place", memory_string(text));
}

static void add_finding(
	const struct pins *pins, const struct pinned *group, struct finding_list *findings)
{
	const struct value_place *place = place_of(pins, group);
	bool sure = group->pin == PIN_PART || !is_of_bytes(place);
	struct finding *finding = finding_add(findings, &slice_pin, sure ? TIER_LIKELY : TIER_HINT);
	_cleanup_free_ char *used = human_bytes(group->used_bytes);
	_cleanup_free_ char *all = human_bytes(group->array_bytes);

	finding->node = group->largest;
	finding->count = group->arrays;
	finding->holds_bytes = group->holds_bytes;
	finding->frees_bytes = group->frees_bytes;
	finding->detail = memory_format("%s of %s in use", used, all);
	finding->fix = fix_text(place, group);
	add_notes(finding, pins, place, group);
	finding_text(
		finding, "pattern", memory_string(group->pin == PIN_ROOM ? "capacity" : "part"));
	finding_number(finding, "array_bytes", EVIDENCE_BYTES, group->array_bytes);
	finding_number(finding, "used_bytes", EVIDENCE_BYTES, group->used_bytes);
}

static struct error *find_pins(struct pins *pins)
{
	struct slice_covers *covers = pins->base->values->covers;

	slice_covers_each(covers, choose, pins);
	if (!pins->any)
		return NULL;
	TRY(slice_covers_count_references(covers, pins->wanted));
	slice_covers_each(covers, add_array, pins);
	return NULL;
}

static struct error *find(const struct evidence_base *base, struct finding_list *findings)
{
	struct pins pins = {
		.base = base,
		.wanted = memory_array(BITSET_WORDS(analysis_graph(base->analysis)->count), 8),
	};
	struct error *error = find_pins(&pins);

	vec_foreach (group, &pins.groups) {
		if (is_leak(&pins, group))
			add_finding(&pins, group, findings);
	}
	vec_deinit(&pins.groups);
	addrmap_deinit(&pins.places);
	free(pins.wanted);
	return error;
}

const struct finding_kind slice_pin = {
	.name = "slice-pin",
	.one = "pins a large array",
	.find = find,
};
