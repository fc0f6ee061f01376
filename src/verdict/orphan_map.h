/* From which map of the program an orphan's entry is gone. */
#pragma once

#include "map_list.h"
#include "orphans.h"

/* The map in which others that stand at the same place have their channels; NO_NODE: none. */
struct error *orphan_map_of_others(const struct orphans *orphans, uint32_t group, node_t *ret);

/* The only map in the program whose elements are of the type of what has the orphan's channel:
 * *main.watcher; NO_NODE: there is none, or are several. */
node_t orphan_map_by_type(
	const struct orphans *orphans, const struct map_list *maps, uint32_t goroutine);
