/* One chain of references that shows how a holding is held: from its first holder to the nearest of
 * what it holds, and on through what that one holds.
 */
#pragma once

#include "holdings.h"
#include "paths.h"

/* Of a holding with members and steps; empty when no reference leads there. */
struct error *holding_chain_find(
	const struct analysis *analysis, const struct holding *holding, struct path *ret);
