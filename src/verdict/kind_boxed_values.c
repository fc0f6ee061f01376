/* Small values in interfaces, in bulk: numbers, strings and small structs that are allocated one by
 * one, because a slice, a map or a field is of type interface{}, although (nearly) all that it
 * holds is of one type.
 *
 * Guards. Values of different types need the interface. An interface with methods is there for the
 * methods. Small integers and constants have no box. Many small maps are documents (map-any says
 * what these cost). And all of it must be a fiftieth of what is alive: less is no reason to change
 * a program.
 */
#include "finding_kind.h"
#include "human.h"

enum {
	UNIFORM_PERCENT = 90,
	FEWEST_VALUES = 1000,
	SMALLEST_SHARE = 50, /* of the live bytes */
	LARGEST_VALUE = 16,  /* bytes: two words */
	MAP_VALUES = 64,     /* in each map, on average */
	MAX_PLACES = 4,      /* that are looked at: each costs a walk */
};

struct candidate {
	uint32_t place;
	const struct box_count *count;
	uint64_t values; /* of all types */
	const struct go_type *type;
};

static bool is_small_value(const struct go_type *type)
{
	return type && !type->direct && type->size && type->size <= LARGEST_VALUE &&
	       (!type->pointer_bytes || type->kind == KIND_STRING);
}

/* Is it worth a closer look? */
static bool consider(const struct evidence_base *base, uint32_t place, struct candidate *ret)
{
	const struct place_boxes *boxes = &base->values->boxes->of[place];
	struct types *types = &base->analysis->typing->types;

	vec_foreach (count, &boxes->types) {
		uint64_t most = count->boxes * LARGEST_VALUE;

		if (count->boxes < FEWEST_VALUES ||
			count->values * 100 < boxes->values * UNIFORM_PERCENT ||
			most < base->analysis->figures.live_bytes / SMALLEST_SHARE)
			continue;
		*ret = (struct candidate){
			place, count, boxes->values, types_of_interface(types, count->word)};
		return is_small_value(ret->type);
	}
	return false;
}

static enum object_role role_of(const struct evidence_base *base, uint32_t place)
{
	otype_t owner = base->values->places.list.items[place].owner;

	return object_type_at(&base->analysis->typing->object_types, owner)->role;
}

/* What it is about: the slice, the map, or one of the boxes of a field. */
static node_t subject_of(const struct evidence_base *base, const struct candidate *candidate,
	const struct boxed *boxed)
{
	return role_of(base, candidate->place) == ROLE_VALUE
		       ? boxed->example
		       : value_place_container(base->analysis,
				 &base->values->places.list.items[candidate->place],
				 boxed->largest);
}

static void add_finding(const struct evidence_base *base, const struct candidate *candidate,
	const struct boxed *boxed, struct finding_list *findings)
{
	struct finding *finding = finding_add(findings, &boxed_values, TIER_LIKELY);
	const struct value_place *place = &base->values->places.list.items[candidate->place];
	_cleanup_free_ char *text = value_place_text(base->analysis, base->naming, place);
	_cleanup_free_ char *share = human_percent(candidate->count->values, candidate->values);
	_cleanup_free_ char *count = human_count(candidate->count->boxes);
	_cleanup_free_ char *bytes = human_bytes(boxed->bytes);

	finding->node = subject_of(base, candidate, boxed);
	finding->count = candidate->count->boxes;
	finding->holds_bytes = boxed->bytes;
	finding->frees_bytes = boxed->frees_bytes;
	finding->detail = memory_format("%s values of type %s, allocated one by one: %s", count,
		candidate->type->name, bytes);
	finding->fix = "use the type itself instead of interface{}: []T, map[K]T, a field of type "
		       "T; where code is shared, a type parameter";
	finding_note(finding, "in %s, %s of it of this type", text, share);
	finding_text(finding, "place", memory_string(text));
	finding_text(finding, "boxed_type", memory_string(candidate->type->name));
	finding_number(finding, "values", EVIDENCE_COUNT, candidate->values);
}

static struct error *look_at(const struct evidence_base *base, const struct candidate *candidate,
	struct finding_list *findings)
{
	struct boxed boxed;

	TRY(boxes_look_at(base->values->boxes, candidate->place, candidate->count->word, &boxed));
	bool documents = role_of(base, candidate->place) == ROLE_MAP_GROUPS &&
			 candidate->count->boxes < MAP_VALUES * boxed.containers;
	if (boxed.largest != NO_NODE && !documents &&
		boxed.frees_bytes >= base->analysis->figures.live_bytes / SMALLEST_SHARE &&
		finding_matters(base->analysis, boxed.frees_bytes))
		add_finding(base, candidate, &boxed, findings);
	return NULL;
}

static struct error *find(const struct evidence_base *base, struct finding_list *findings)
{
	unsigned looked_at = 0;

	for (uint32_t i = 0; i < base->values->places.list.count && looked_at < MAX_PLACES; i++) {
		struct candidate candidate;

		if (!consider(base, i, &candidate))
			continue;
		looked_at++;
		TRY(look_at(base, &candidate, findings));
	}
	return NULL;
}

const struct finding_kind boxed_values = {
	.name = "boxed-values",
	.one = "values in boxes",
	.find = find,
};
