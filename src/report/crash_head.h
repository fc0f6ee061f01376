/* The head of a report about a program that the runtime ended: why, and who had to do with it. */
#pragma once

#include "analysis.h"
#include "naming.h"
#include "view.h"

/* Nothing when the target is no such core. */
struct error *crash_head_add(
	struct view *view, const struct analysis *analysis, struct naming *naming);
