/* Addresses of objects that are kept as integers (uintptr), so that the collector does not see
 * them: the object is freed, another may get its place, and what was stored for it stays.
 *
 * Guards. Numbers that are no addresses: nearly all words of a field or of a map's keys must be
 * where an object begins, or where nothing is. Objects that live: as long as none of them is gone,
 * whoever keeps the addresses may well take care of it. The runtime's own words are left out.
 */
#include "finding_kind.h"
#include "human.h"

enum {
	ADDRESS_PERCENT = 95, /* of the words */
	FEWEST_GONE = 16,
	GONE_SHARE_HINT = 20,  /* one in so many */
	GONE_SHARE_LIKELY = 4, /* the same, for tier likely */
};

static bool is_leak(const struct evidence_base *base, uint32_t number)
{
	const struct address_words *words = &base->values->words->of[number];

	return words->gone >= FEWEST_GONE && words->gone * GONE_SHARE_HINT >= words->words &&
	       (words->objects + words->gone) * 100 >= words->words * ADDRESS_PERCENT &&
	       !value_place_is_of_runtime(base->analysis, &base->values->places.list.items[number]);
}

static void add_finding(const struct evidence_base *base, uint32_t number,
	const struct freed *freed, struct finding_list *findings)
{
	const struct address_words *words = &base->values->words->of[number];
	const struct value_place *place = &base->values->places.list.items[number];
	struct finding *finding = finding_add(findings, &hidden_pointer,
		words->gone * GONE_SHARE_LIKELY >= words->words ? TIER_LIKELY : TIER_HINT);
	_cleanup_free_ char *text = value_place_text(base->analysis, base->naming, place);
	_cleanup_free_ char *all = human_count(words->words), *gone = human_count(words->gone);

	finding->node = value_place_container(base->analysis, place, words->first);
	finding->count = words->gone;
	finding->holds_bytes = finding->frees_bytes = freed->bytes;
	finding->detail = memory_format(
		"%s addresses as uintptr; at %s of them nothing is any more", all, gone);
	finding->fix =
		"keep a pointer, or store what belongs to an object in the object; to follow "
		"it without keeping it, weak.Pointer (Go 1.24) with a cleanup that deletes "
		"the entry";
	finding_note(finding,
		"%s: where another object gets the place, it is taken for the old one", text);
	finding_text(finding, "place", memory_string(text));
	finding_number(finding, "words", EVIDENCE_COUNT, words->words);
	finding_number(finding, "objects", EVIDENCE_COUNT, words->objects);
}

static struct error *find(const struct evidence_base *base, struct finding_list *findings)
{
	for (uint32_t i = 0; i < base->values->places.list.count; i++) {
		struct freed freed = {0};

		if (!is_leak(base, i))
			continue;
		TRY(address_census_price(base->values->words, i, &freed));
		add_finding(base, i, &freed, findings);
	}
	return NULL;
}

const struct finding_kind hidden_pointer = {
	.name = "hidden-pointer",
	.one = "hidden pointers",
	.find = find,
};
