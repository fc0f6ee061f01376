/* How much each type of object costs: the histogram of the heap. */
#pragma once

#include "analysis.h"

struct type_sum {
	otype_t type;
	uint64_t objects;
	uint64_t shallow_bytes;  /* of the objects themselves */
	uint64_t retained_bytes; /* of all that only objects of this type keep alive together, with
				    them */
};

struct type_sums {
	VEC(struct type_sum) list; /* by shallow bytes, largest first */
};

/* Without retained bytes. Types of one name are one. */
void type_sums_find(const struct analysis *analysis, struct type_sums *ret);
void type_sums_deinit(struct type_sums *sums);

/* Finds the retained bytes of the first `count` types: as if all objects of the type were taken
 * away, by marking. Many types are marked for at once. */
struct error *type_sums_retained(
	const struct analysis *analysis, struct type_sums *sums, size_t count);
