/* Which of several holders is named first: the variables of the program and of the modules that it
 * uses, then what has no name, then goroutines; variables of the standard library and of the
 * runtime (pools, timers, lists of all goroutines) lead to much, and say little.
 */
#pragma once

#include "naming.h"

/* The lower, the earlier. */
unsigned holder_rank(const struct object_graph *objects, uint32_t holder);

/* "main.sessions, main.lru and 2 more": so many of the names. */
char *holder_names(struct naming *naming, const struct object_graph *objects,
	const uint32_t *holders, size_t count, size_t shown);
