/* Strings of the heap and what is in them, as a number: for telling equal ones.
 *
 * Their bytes are rarely captured, because they have no pointers. Of a live process they are read
 * as they are now, after the capture: a string is never changed where it is, and its memory is not
 * used for anything else as long as something refers to it. So after the bytes the references are
 * read once more, and only strings to which they still lead count.
 *
 * When there are more than SAMPLE_STRINGS, only those are kept whose address, hashed, begins with
 * so many zero bits: the same in every run over the same memory.
 */
#pragma once

#include "value_walk.h"

enum {
	SAMPLE_STRINGS = 1 << 17,
	SAMPLE_LEVELS = 64,
	LONGEST_STRING = 512, /* bytes: longer ones are rarely equal, and are left out */
};

/* A string, that is, a value that leads to it. */
struct sampled_string {
	addr_t bytes;
	addr_t at; /* of the value */
	uint64_t hash;
	uint32_t length;
	uint32_t place;
};

struct string_list {
	VEC(struct sampled_string) list;
};

struct string_sample {
	const struct analysis *analysis;
	const struct value_places *places;
	struct string_list *of; /* by worker; after string_sample_finish() all are in the first */
	uint64_t counts[SAMPLE_LEVELS]; /* strings by zero bits of their hashed addresses */
	unsigned level;                 /* one in 2^level strings is there */
	uint64_t unread;                /* strings whose bytes were not to be had */
};

struct string_sample *string_sample_create(
	const struct analysis *analysis, const struct value_places *places);
void string_sample_destroy(struct string_sample *sample);

/* What it wants to see of a walk. */
struct value_visitor string_sample_visitor(struct string_sample *sample);

/* After the walk: reads the bytes. The strings are then sorted by place, hash, length and
 * address. */
void string_sample_finish(struct string_sample *sample);
