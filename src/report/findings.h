/* What is wrong, as rows of the report: one for each finding, with its price and how to mend it. */
#pragma once

#include "analysis.h"
#include "memory_account.h"
#include "naming.h"
#include "view.h"

/* Adds `findings` to the document, and lines and a table to the text when there are any. At most
 * `limit` rows; 0: all. */
struct error *findings_add(struct view *view, const struct analysis *analysis,
	struct naming *naming, const struct memory_account *memory, size_t limit);
