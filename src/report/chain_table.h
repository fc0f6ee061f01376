/* A chain of references as a table: each link, what it leads to, and what cutting it frees. */
#pragma once

#include "cuts.h"
#include "naming.h"
#include "view.h"

/* Adds the table to the view and the array "path" to its document. */
struct error *chain_table_add(struct view *view, const struct analysis *analysis,
	struct naming *naming, const struct path *path);
