/* How much of each large object the strings and slices that lead to it show.
 *
 * A small part of a large array keeps all of it. What no string or slice shows, and nothing else
 * refers to, is of no use to anybody: the bytes in front of a slice for certain, those behind its
 * length as long as it is not sliced again.
 */
#pragma once

#include "value_walk.h"

/* An object of at least so many bytes is large. */
enum { LARGE_OBJECT = 1024 };

struct cover {
	uint64_t first;       /* the least of place << 32 | owner, inverted; 0: nothing was seen */
	uint64_t shown_bytes; /* the sum of the lengths: at least what is covered */
	uint64_t copy_bytes;  /* what copies of the parts would need */
	uint64_t low;         /* the least offset that is shown, inverted */
	uint64_t high;        /* the end of what is shown */
	uint32_t seen;        /* strings and slices that lead to it */
	uint32_t references;  /* all words that do; only of those that were asked for */
	uint32_t roomy;       /* of them, slices from the beginning with room behind their end */
};

struct slice_covers {
	const struct analysis *analysis;
	const struct value_places *places;
	uint64_t *large;    /* bits by span: has large objects */
	uint32_t *first_of; /* by span: the cover of its first object */
	struct cover *of;   /* one for each slot of those spans */
	size_t count;
	uint32_t *slices; /* by worker and place: slices with an array in the heap */
};

struct error *slice_covers_create(const struct analysis *analysis,
	const struct value_places *places, struct slice_covers **ret);
void slice_covers_destroy(struct slice_covers *covers);
DEFINE_CLEANUP(slice_covers)

/* What it wants to see of a walk. */
struct value_visitor slice_covers_visitor(struct slice_covers *covers);

static inline uint32_t cover_place(const struct cover *cover)
{
	return (uint32_t)(~cover->first >> 32);
}

static inline uint64_t cover_low(const struct cover *cover)
{
	return ~cover->low;
}

/* Slices with an array at a place, after the walk. */
uint64_t slice_covers_of_place(const struct slice_covers *covers, uint32_t place);

/* Called for each large object that is alive and was seen. */
typedef void cover_fn(void *context, struct cover *cover, object_t object);
void slice_covers_each(struct slice_covers *covers, cover_fn *visit, void *context);

/* Counts all references to some objects (bits by node). */
struct error *slice_covers_count_references(struct slice_covers *covers, const uint64_t *wanted);
