#include "value_evidence.h"

static struct error *look(const struct analysis *analysis, struct value_evidence *values)
{
	value_places_find(analysis, &values->places);
	TRY(slice_covers_create(analysis, &values->places, &values->covers));
	values->boxes = boxes_create(analysis, &values->places);
	values->strings = string_sample_create(analysis, &values->places);
	values->words = address_census_create(analysis, &values->places);
	const struct value_visitor visitors[] = {
		address_census_visitor(values->words),
		boxes_visitor(values->boxes),
		slice_covers_visitor(values->covers),
		string_sample_visitor(values->strings),
	};
	const struct value_walk walk = {analysis, &values->places, visitors, ARRAY_SIZE(visitors)};

	TRY(value_walk_run(&walk));
	address_census_merge(values->words);
	boxes_merge(values->boxes);
	string_sample_finish(values->strings);
	return NULL;
}

struct error *value_evidence_find(const struct analysis *analysis, struct value_evidence **ret)
{
	_cleanup_(cleanup_value_evidence) struct value_evidence *values =
		memory_alloc(sizeof(*values));

	TRY(look(analysis, values));
	*ret = take_pointer(values);
	return NULL;
}

void value_evidence_destroy(struct value_evidence *values)
{
	if (!values)
		return;
	string_sample_destroy(values->strings);
	address_census_destroy(values->words);
	boxes_destroy(values->boxes);
	slice_covers_destroy(values->covers);
	value_places_deinit(&values->places);
	free(values);
}
