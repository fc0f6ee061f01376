/* What is inside of holdings: down the dominator tree, type by type. */
#pragma once

#include "holdings.h"

/* Fills the steps of the first holdings. */
struct error *contents_find(const struct analysis *analysis, struct holdings *holdings);
