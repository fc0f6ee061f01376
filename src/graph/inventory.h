/* What was counted once of a program, because several questions need it: its maps, and where its
 * memory is.
 */
#pragma once

#include "map_list.h"
#include "memory_account.h"

struct inventory {
	struct map_list maps;
	struct memory_account memory;
	uint64_t maps_ns; /* the time that finding them took */
};

struct error *inventory_take(const struct analysis *analysis, struct inventory **ret);
void inventory_destroy(struct inventory *inventory);
DEFINE_CLEANUP(inventory)
