/* The arenas of a heap: 64 MiB each, with all memory that spans are cut from, in use or free.
 *
 * Source: Go, runtime/mheap.go (mheap.heapArenas; up to 1.24 allArenas; arenaIdx).
 */
#pragma once

#include "goruntime.h"
#include "ranges.h"

/* Normalised. */
struct error *arenas_list(const struct goruntime *runtime, struct ranges *ret);
