#include "survival.h"

#include <string.h>

#include "big_table.h"
#include "parallel.h"
#include "same_words.h"
#include "word_identity.h"

enum {
	EXACT_COLLECTIONS = 1,
	MAX_VARIABLE_BYTES = 1 << 20,
};

struct comparison {
	const struct baseline *before;
	const struct analysis *after;
	struct survival *survival;
	struct word_identity *identity; /* NULL: the runtime tells all */
	uint64_t *type_keys;  /* by object type of the later snapshot: baseline_type_key() */
	uint64_t *candidates; /* bits: the same slot held an object of the type, alive both times */
	unsigned width;
	VEC(object_t) waiting; /* survivors whose references are to be followed */
};

static bool same_type(const struct comparison *comparison, object_t before, object_t after)
{
	otype_t was = comparison->before->type_of[before];
	otype_t is = comparison->after->typing->of[after];

	return comparison->before->type_keys[was] == comparison->type_keys[is];
}

/* The slots of a span that held an object both times, as far as the bits of the runtime tell. */
static void find_in_span(struct comparison *comparison, const struct span *span)
{
	const struct heap *heap = comparison->after->heap;
	const struct span *was = same_span(comparison->before->heap, span);
	uint64_t *candidates = comparison->candidates + span->bits;
	uint64_t *survived = comparison->survival->survived + span->bits;
	bool exact = comparison->survival->exact;

	for (uint32_t slot = 0; was && slot < span->nelems; slot++) {
		if (!bitset_has(comparison->before->alive + was->bits, slot) ||
			!analysis_alive(comparison->after, span->first + slot))
			continue;
		if (comparison->survival->collections &&
			!bitset_has(heap->marked + span->bits, slot))
			continue;
		if (exact)
			bitset_add(survived, slot);
		else if (same_type(comparison, was->first + slot, span->first + slot))
			bitset_add(candidates, slot);
	}
}

static struct error *find_candidates(void *context, unsigned worker)
{
	struct comparison *comparison = context;
	const struct heap *heap = comparison->after->heap;

	for (uint32_t i = worker; i < heap->span_count; i += comparison->width)
		find_in_span(comparison, &heap->spans[i]);
	return NULL;
}

/* Survivors by what they hold. */
static void compare_span(struct comparison *comparison, const struct span *span)
{
	struct same_words both =
		same_words_of(comparison->before->heap, comparison->after->heap, span);
	const uint64_t *candidates = comparison->candidates + span->bits;

	for (uint32_t slot = 0; both.was && slot < span->nelems; slot++) {
		struct word_pair pair;

		if (bitset_has(candidates, slot) && same_words_slot(&both, slot, &pair) &&
			word_identity_agrees(comparison->identity,
				comparison->after->typing->of[span->first + slot], &pair))
			bitset_add(comparison->survival->survived + span->bits, slot);
	}
}

static struct error *compare_contents(void *context, unsigned worker)
{
	struct comparison *comparison = context;
	const struct heap *heap = comparison->after->heap;

	for (uint32_t i = worker; i < heap->scan_spans; i += comparison->width)
		compare_span(comparison, &heap->spans[i]);
	return NULL;
}

/* Elements of arrays and tables come to lie where they lay when these are filled again. */
static bool has_elements(const struct comparison *comparison, object_t object)
{
	const struct analysis *analysis = comparison->after;
	const struct object_type *type =
		object_type_at(&analysis->typing->object_types, analysis->typing->of[object]);

	switch (type->role) {
	case ROLE_ARRAY:
	case ROLE_MAP_GROUPS:
	case ROLE_CHAN:
	case ROLE_CHAN_BUFFER:
	case ROLE_UNKNOWN:
		return true;
	default:
		return object_type_is_trie_level(type) || object_type_is_trie_entry(type);
	}
}

/* Follows the words that are the same both times. */
static void follow(struct comparison *comparison, const struct word_pair *pair, bool elements)
{
	const struct heap *heap = comparison->after->heap;

	for (size_t i = 0; i < pair->count; i++) {
		uint64_t word = word_at(pair->is, i);

		if (word != word_at(pair->was, i))
			continue;
		object_t object = heap_object_at(heap, word);
		if (object == NO_OBJECT)
			continue;
		const struct span *span = heap_span_of(heap, object);
		uint32_t slot = object - span->first;
		uint64_t *survived = comparison->survival->survived + span->bits;
		bool leaf = object >= heap->scan_slots;

		if (bitset_has(survived, slot) || (elements && !leaf) ||
			!bitset_has(comparison->candidates + span->bits, slot))
			continue;
		bitset_add(survived, slot);
		if (!leaf)
			vec_push(&comparison->waiting, object);
	}
}

static void follow_memory(struct comparison *comparison, addr_t address, size_t length)
{
	_cleanup_free_ uint8_t *was = memory_alloc(length);
	_cleanup_free_ uint8_t *is = memory_alloc(length);
	struct word_pair pair = {was, is, length / 8};

	target_read_present(comparison->before->program->target, address, was, length);
	target_read_present(comparison->after->program->target, address, is, length);
	follow(comparison, &pair, false);
}

/* Goroutines that wait where they waited. */
static void follow_stacks(struct comparison *comparison)
{
	const struct baseline *before = comparison->before;

	vec_foreach (goroutine, &comparison->after->objects->stacks.goroutines.list) {
		uint32_t place;

		if (!addrmap_get(&before->goids, goroutine->goid, &place))
			continue;
		const struct baseline_goroutine *was = &before->goroutines.items[place];
		if (goroutine->status == GOROUTINE_WAITING && was->sp == goroutine->sp &&
			was->stack_high == goroutine->stack_high &&
			goroutine->sp < goroutine->stack_high)
			follow_memory(comparison, goroutine->sp & ~(addr_t)7,
				(size_t)MIN(goroutine->stack_high - goroutine->sp,
					(uint64_t)MAX_VARIABLE_BYTES));
	}
}

static void follow_object(struct comparison *comparison, object_t object)
{
	const struct span *span = heap_span_of(comparison->after->heap, object);
	struct same_words both =
		same_words_of(comparison->before->heap, comparison->after->heap, span);
	struct word_pair pair;

	if (both.was && same_words_slot(&both, object - span->first, &pair))
		follow(comparison, &pair, has_elements(comparison, object));
}

static void follow_references(struct comparison *comparison)
{
	const struct heap *heap = comparison->after->heap;

	vec_foreach (variable, &comparison->after->objects->variables)
		follow_memory(comparison, variable->address,
			(size_t)MIN(variable->size, (uint64_t)MAX_VARIABLE_BYTES));
	follow_stacks(comparison);
	for (uint32_t i = 0; i < heap->scan_spans; i++) {
		const struct span *span = &heap->spans[i];

		for (uint32_t slot = 0; slot < span->nelems; slot++) {
			if (survival_has(comparison->survival, span, slot))
				vec_push(&comparison->waiting, span->first + slot);
			while (comparison->waiting.count)
				follow_object(comparison, vec_pop(&comparison->waiting));
		}
	}
}

static struct error *compare(struct comparison *comparison)
{
	size_t words = comparison->after->heap->bit_words;

	TRY(big_table_alloc(words, 8, &comparison->survival->survived));
	comparison->survival->words = words;
	TRY(big_table_alloc(words, 8, &comparison->candidates));
	comparison->type_keys = baseline_type_keys(comparison->after);
	TRY(parallel_run(comparison->width, find_candidates, comparison));
	if (comparison->survival->exact)
		return NULL;
	comparison->identity =
		word_identity_learn(comparison->before, comparison->after, comparison->candidates);
	TRY(parallel_run(comparison->width, compare_contents, comparison));
	follow_references(comparison);
	return NULL;
}

struct error *survival_wrong_order(void)
{
	return error_create(ERROR_USAGE,
		"the second snapshot is older than the first: give them in the order of time");
}

struct error *survival_find(
	const struct baseline *before, const struct analysis *after, struct survival *ret)
{
	int32_t generations = (int32_t)(after->heap->sweepgen - before->heap->sweepgen);
	struct comparison comparison = {
		.before = before, .after = after, .survival = ret, .width = parallel_width()};

	if (generations < 0)
		return survival_wrong_order();
	*ret = (struct survival){.collections = (uint64_t)generations / 2};
	ret->exact = ret->collections <= EXACT_COLLECTIONS;
	struct error *error = compare(&comparison);
	big_table_free(comparison.candidates, after->heap->bit_words * 8);
	word_identity_destroy(comparison.identity);
	free(comparison.type_keys);
	vec_deinit(&comparison.waiting);
	if (error)
		survival_deinit(ret);
	return error;
}

void survival_deinit(struct survival *survival)
{
	big_table_free(survival->survived, survival->words * 8);
	survival->survived = NULL;
}
