/* What is wrong, as rows of the report: one for each finding, with its price and how to mend it. */
#pragma once

#include "finding.h"
#include "inventory.h"
#include "naming.h"
#include "view.h"

/* Adds `findings` to the document, and lines and a table to the text when there are any. At most
 * `limit` rows; 0: all. */
void findings_show(struct view *view, const struct finding_list *findings, size_t limit);

/* One of them, with all its evidence: lines, and `finding` in the document. */
void finding_show(struct view *view, const struct finding *finding);

/* "f2": the number of a finding in the report. False: it is none. */
bool findings_is_number(const char *text, uint64_t *ret);

/* Finds all again, and the one with that number, which is in the list. */
struct error *findings_numbered(const struct analysis *analysis, struct naming *naming,
	const struct inventory *inventory, uint64_t number, struct finding_list *ret_findings,
	const struct finding **ret);
