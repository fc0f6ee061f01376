/* Equal strings that are stored more than once, by the place that refers to them. */
#pragma once

#include "string_sample.h"

struct place_copies {
	uint32_t place;
	uint64_t strings;     /* that were looked at, each with memory of its own */
	uint64_t different;   /* of them */
	uint64_t copies;      /* those that would not be there */
	uint64_t copy_bytes;  /* their lengths */
	uint64_t frees_bytes; /* slots to which nothing but values with copies refers; only after
				 string_copies_price() */
	node_t example;       /* one of these slots; NO_NODE: there are none */
};

struct string_copies {
	const struct string_sample *sample;
	VEC(struct place_copies) list; /* by place */
};

void string_copies_find(const struct string_sample *sample, struct string_copies *ret);
void string_copies_deinit(struct string_copies *copies);

/* Finds what is freed when values refer to one of the equal strings: exact for the strings that
 * were looked at. */
struct error *string_copies_price(struct string_copies *copies);
