/* What is wrong, as rows of the report: one for each finding, with its price and how to mend it. */
#pragma once

#include "finding.h"
#include "view.h"

/* Adds `findings` to the document, and lines and a table to the text when there are any. At most
 * `limit` rows; 0: all. */
void findings_show(struct view *view, const struct finding_list *findings, size_t limit);

/* One of them, with all its evidence: lines, and `finding` in the document. */
void finding_show(struct view *view, const struct finding *finding);
