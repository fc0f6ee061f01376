/* A goroutine that is in the middle of using a map: in one of the runtime's functions for it.
 *
 * Their first arguments are the map's type and its header. Arguments come in registers; the
 * functions keep them in the room that the caller has left for them, right above their frame.
 *
 * Sources: Go, runtime/map.go and map_fast*.go, internal/runtime/maps/runtime*.go (since 1.24),
 * cmd/compile/abi-internal.md (spill space).
 */
#pragma once

#include "gotype.h"
#include "goroutine.h"

struct map_call {
	addr_t map;
	const struct go_type *type;
};

/* False: it is in none, or its arguments are not where they were any more. */
bool map_call_of(struct types *types, const struct goroutine *goroutine, struct map_call *ret);
