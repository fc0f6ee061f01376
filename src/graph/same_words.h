/* The words of one slot in two snapshots. */
#pragma once

#include <string.h>

#include "bytes.h"
#include "heap.h"

struct word_pair {
	const uint8_t *was;
	const uint8_t *is;
	size_t count; /* words */
};

static inline uint64_t word_at(const uint8_t *words, size_t place)
{
	return load_u64(words + place * 8);
}

static inline bool word_pair_equal(const struct word_pair *pair)
{
	return !memcmp(pair->was, pair->is, pair->count * 8);
}

/* A span of the later heap and what it was. */
struct same_words {
	const struct heap *before, *after;
	const struct span *was; /* NULL: it was another span, or none */
	const struct span *is;
};

/* The span of an earlier heap at the same place with slots of the same size, or NULL. */
static inline const struct span *same_span(const struct heap *before, const struct span *span)
{
	const struct span *was = heap_span_at(before, span->start);

	return was && was->start == span->start && was->elemsize == span->elemsize &&
			       was->spanclass == span->spanclass && was->npages == span->npages
		       ? was
		       : NULL;
}

static inline struct same_words same_words_of(
	const struct heap *before, const struct heap *after, const struct span *span)
{
	return (struct same_words){before, after, same_span(before, span), span};
}

/* False: the memory is not there both times. */
static inline bool same_words_slot(
	const struct same_words *both, uint32_t slot, struct word_pair *ret)
{
	uint64_t offset = slot * both->is->elemsize;
	size_t length = (size_t)both->is->elemsize;

	ret->was = heap_bytes(both->before, both->was, offset, length);
	ret->is = heap_bytes(both->after, both->is, offset, length);
	ret->count = length / 8;
	target_note_use(both->before->runtime->target, ret->was, length);
	target_note_use(both->after->runtime->target, ret->is, length);
	return ret->was && ret->is;
}
