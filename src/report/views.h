/* What each command shows. Keys of the documents are described in docs/json.md: they may be added
 * to, and are never renamed. */
#pragma once

#include "analysis.h"
#include "moment.h"
#include "naming.h"
#include "view.h"

struct view_options {
	size_t limit;      /* rows; 0: all */
	uint64_t began_ns; /* when the command began (clock_now) */
};

/* silt TARGET */
struct error *view_report(
	const struct analysis *analysis, const struct view_options *options, struct view **ret);

/* silt maps */
struct error *view_maps(
	const struct analysis *analysis, const struct view_options *options, struct view **ret);

/* silt goroutines */
struct error *view_goroutines(
	const struct analysis *analysis, const struct view_options *options, struct view **ret);

/* silt types */
struct error *view_types(
	const struct analysis *analysis, const struct view_options *options, struct view **ret);

/* silt why: `what` is an address, a type, a variable, or the number of a row of the report. */
struct error *view_why(const struct analysis *analysis, const struct view_options *options,
	const char *what, struct view **ret);

/* silt diff: between the first of several snapshots and the last. */
struct diff {
	const struct moment *first;
	const struct growth *growth;
	const struct inventory *inventory; /* of the later one */
};
struct error *view_diff(
	const struct diff *diff, const struct view_options *options, struct view **ret);

/* silt schema: `what` is an address, or the number or id of a finding, or what it is about. */
struct error *view_schema(const struct analysis *analysis, const char *what, struct view **ret);
