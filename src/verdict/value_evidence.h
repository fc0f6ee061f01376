/* What the kinds that look at values have seen of them, in one walk over the heap (value_walk.h).
 */
#pragma once

#include "address_words.h"
#include "boxes.h"
#include "slice_covers.h"
#include "string_sample.h"

struct value_evidence {
	struct value_places places;
	struct slice_covers *covers;
	struct boxes *boxes;
	struct string_sample *strings;
	struct address_census *words;
};

struct error *value_evidence_find(const struct analysis *analysis, struct value_evidence **ret);
void value_evidence_destroy(struct value_evidence *values);
DEFINE_CLEANUP(value_evidence)
