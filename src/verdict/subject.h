/* Names what a finding is about by who holds it: "main.server.cache.index".
 *
 * The name leads from the outermost holder along the shortest chain of references, field by field.
 * Elements and entries are "[]", whatever their number or key; a reference that comes several times
 * in a row (the next of a list) is written once, with a star. So the name is the same in another
 * process with the same mistake.
 */
#pragma once

#include "analysis.h"
#include "finding.h"
#include "naming.h"
#include "paths.h"

/* Sets subject, path, type and address of all findings that have a node, where they have none. */
struct error *subjects_name(
	const struct analysis *analysis, struct naming *naming, struct finding_list *findings);

/* How `from` refers to `to`, as naming_reference(), but without numbers and keys: ".items[]". */
char *subject_reference(struct naming *naming, node_t from, node_t to);

/* The name of what is at the end of a chain. Is the caller's to free(). */
char *subject_of_path(
	const struct analysis *analysis, struct naming *naming, const struct path *path);

/* The same of a node, by the shortest chain to it. */
struct error *subject_of_node(
	const struct analysis *analysis, struct naming *naming, node_t node, char **ret);
