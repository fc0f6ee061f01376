/* What every view says of the target: two lines, and the sections "target" and "capture". */
#pragma once

#include "analysis.h"
#include "view.h"

void target_summary_add(struct view *view, const struct analysis *analysis);
