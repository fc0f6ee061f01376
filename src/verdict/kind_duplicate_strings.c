/* Equal strings that are stored many times: decoded, split or formatted again and again where a few
 * values come back, each time with memory of its own.
 *
 * What is in them is compared, and never shown. Of a heap with very many strings some are looked at
 * (string_sample.h); what is said to be freed is then the least that can be.
 *
 * Guards. Strings that share their memory (constants, interned ones, copies of one value) are one.
 * Different strings are not copies: at most one in four may be different. And the copies must be a
 * tenth of what is alive: less is no reason to change a program.
 */
#include "finding_kind.h"
#include "human.h"
#include "string_copies.h"

enum {
	FEWEST_STRINGS = 1000,
	FEWEST_EQUAL = 4,    /* strings for one that is different, on average */
	SMALLEST_SHARE = 10, /* of the live bytes */
	MOST_FINDINGS = 3,
};

struct judge {
	const struct evidence_base *base;
	const struct string_sample *sample;
};

static bool is_large(const struct judge *judge, uint64_t bytes)
{
	uint64_t all = bytes << judge->sample->level;

	return finding_matters(judge->base->analysis, all) &&
	       all >= judge->base->analysis->figures.live_bytes / SMALLEST_SHARE;
}

/* By what is known without a look at the references: slots are at most eight times as large as
 * strings. */
static bool may_be_leak(const struct judge *judge, const struct place_copies *place)
{
	return place->strings >= FEWEST_STRINGS &&
	       place->different * FEWEST_EQUAL <= place->strings &&
	       is_large(judge, place->copy_bytes * 8);
}

static void add_notes(struct finding *finding, const struct judge *judge,
	const struct place_copies *place, const char *text)
{
	_cleanup_free_ char *frees = human_bytes(place->frees_bytes);

	if (judge->sample->level)
		finding_note(finding,
			"%s; one string in %llu was looked at: all of them hold that much more",
			text, 1ull << judge->sample->level);
	else
		finding_note(finding, "%s; stored once each they would free %s", text, frees);
}

static void add_finding(
	const struct judge *judge, const struct place_copies *place, struct finding_list *findings)
{
	const struct evidence_base *base = judge->base;
	struct finding *finding = finding_add(findings, &duplicate_strings, TIER_LIKELY);
	_cleanup_free_ char *text = value_place_text(
		base->analysis, base->naming, &judge->sample->places->list.items[place->place]);
	_cleanup_free_ char *strings = human_count(place->strings);
	_cleanup_free_ char *different = human_count(place->different);
	_cleanup_free_ char *bytes = human_bytes(place->frees_bytes);

	finding->node = place->example;
	finding->count = place->copies;
	finding->holds_bytes = finding->frees_bytes = place->frees_bytes;
	finding->detail =
		memory_format("%s strings, of which %s are different; the copies hold %s%s",
			strings, different, judge->sample->level ? "at least " : "", bytes);
	finding->fix =
		"store each string once when it is made: unique.Make, a map[string]string of "
		"those that were seen, or constants for a known set";
	add_notes(finding, judge, place, text);
	finding_text(finding, "place", memory_string(text));
	finding_number(finding, "strings", EVIDENCE_COUNT, place->strings);
	finding_number(finding, "different", EVIDENCE_COUNT, place->different);
	finding_number(finding, "copy_bytes", EVIDENCE_BYTES, place->copy_bytes);
	finding_number(finding, "one_in", EVIDENCE_COUNT, 1ull << judge->sample->level);
}

static int by_frees(const void *left, const void *right)
{
	const struct place_copies *a = left, *b = right;

	if (a->frees_bytes != b->frees_bytes)
		return a->frees_bytes < b->frees_bytes ? 1 : -1;
	return (a->place > b->place) - (a->place < b->place);
}

static struct error *judge_copies(
	const struct judge *judge, struct string_copies *copies, struct finding_list *findings)
{
	bool any = false;
	unsigned found = 0;

	vec_foreach (place, &copies->list)
		any |= may_be_leak(judge, place);
	if (!any)
		return NULL;
	TRY(string_copies_price(copies));
	qsort(copies->list.items, copies->list.count, sizeof(*copies->list.items), by_frees);
	vec_foreach (place, &copies->list) {
		if (found < MOST_FINDINGS && may_be_leak(judge, place) &&
			is_large(judge, place->frees_bytes) && place->example != NO_NODE) {
			add_finding(judge, place, findings);
			found++;
		}
	}
	return NULL;
}

/* Their bytes are not in the capture, and there is no process to ask. */
static void add_unread_note(const struct judge *judge, struct finding_list *findings)
{
	if (judge->sample->unread >= FEWEST_STRINGS && !judge->sample->of[0].list.count)
		vec_push(&findings->notes,
			memory_string("equal strings were not looked for: what is in strings was "
				      "not captured (silt snap --contents does)"));
}

static struct error *find(const struct evidence_base *base, struct finding_list *findings)
{
	struct judge judge = {base, base->values->strings};
	struct string_copies copies;

	add_unread_note(&judge, findings);
	string_copies_find(judge.sample, &copies);
	struct error *error = judge_copies(&judge, &copies, findings);
	string_copies_deinit(&copies);
	return error;
}

const struct finding_kind duplicate_strings = {
	.name = "duplicate-strings",
	.one = "equal strings",
	.find = find,
};
