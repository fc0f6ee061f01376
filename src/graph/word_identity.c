#include "word_identity.h"

enum {
	WORDS = 32,        /* of an object that are looked at */
	SAMPLE = 4096,     /* objects of a type */
	LEAST = 16,        /* objects; of fewer nothing is learnt */
	STABLE_SHARE = 10, /* may have changed in one object of so many */
	VARIED_SHARE = 2,  /* differs from the object before in at least one of so many */
};

/* What was seen of a type. */
struct type_words {
	uint32_t seen;
	uint32_t changed[WORDS];
	uint32_t varied[WORDS];
	uint32_t pointers[WORDS]; /* the word was an address of the heap */
	uint64_t last[WORDS];
	uint32_t telling; /* bits: the words that tell objects apart */
};

struct word_identity {
	size_t count;
	struct type_words **by_type; /* NULL: no candidates */
};

static void note_object(
	struct type_words *words, const struct heap *heap, const struct word_pair *pair)
{
	for (size_t i = 0; i < MIN(pair->count, (size_t)WORDS); i++) {
		uint64_t is = word_at(pair->is, i);

		words->changed[i] += is != word_at(pair->was, i);
		words->varied[i] += words->seen && is != words->last[i];
		words->pointers[i] += heap_span_at(heap, is) != NULL;
		words->last[i] = is;
	}
	words->seen++;
}

static void look_at_span(struct word_identity *identity, const struct baseline *before,
	const struct analysis *after, const uint64_t *candidates, const struct span *span)
{
	struct same_words both = same_words_of(before->heap, after->heap, span);

	for (uint32_t slot = 0; both.was && slot < span->nelems; slot++) {
		otype_t type = after->typing->of[span->first + slot];
		struct type_words **words = &identity->by_type[type];
		struct word_pair pair;

		if (type == NO_TYPE || !bitset_has(candidates + span->bits, slot) ||
			(*words && (*words)->seen == SAMPLE) ||
			!same_words_slot(&both, slot, &pair))
			continue;
		if (!*words)
			*words = memory_alloc(sizeof(**words));
		note_object(*words, after->heap, &pair);
	}
}

static void decide(struct type_words *words)
{
	for (unsigned i = 0; i < WORDS && words->seen >= LEAST; i++) {
		if (words->changed[i] * STABLE_SHARE <= words->seen &&
			words->varied[i] * VARIED_SHARE >= words->seen && !words->pointers[i])
			words->telling |= (uint32_t)1 << i;
	}
}

struct word_identity *word_identity_learn(
	const struct baseline *before, const struct analysis *after, const uint64_t *candidates)
{
	struct word_identity *identity = memory_alloc(sizeof(*identity));

	identity->count = after->typing->object_types.list.count;
	identity->by_type = memory_array(identity->count, sizeof(*identity->by_type));
	for (uint32_t i = 0; i < after->heap->scan_spans; i++)
		look_at_span(identity, before, after, candidates, &after->heap->spans[i]);
	for (size_t i = 0; i < identity->count; i++) {
		if (identity->by_type[i])
			decide(identity->by_type[i]);
	}
	return identity;
}

void word_identity_destroy(struct word_identity *identity)
{
	if (!identity)
		return;
	for (size_t i = 0; i < identity->count; i++)
		free(identity->by_type[i]);
	free(identity->by_type);
	free(identity);
}

static bool is_zero(const struct word_pair *pair)
{
	for (size_t i = 0; i < pair->count; i++) {
		if (word_at(pair->is, i))
			return false;
	}
	return true;
}

bool word_identity_agrees(
	const struct word_identity *identity, otype_t type, const struct word_pair *pair)
{
	const struct type_words *words = identity->by_type[type];
	uint32_t telling = words ? words->telling : 0;

	if (word_pair_equal(pair))
		return !is_zero(pair);
	for (uint32_t left = telling; left; left &= left - 1) {
		unsigned place = (unsigned)__builtin_ctz(left);

		if (place >= pair->count || word_at(pair->is, place) != word_at(pair->was, place))
			return false;
	}
	return telling != 0;
}
