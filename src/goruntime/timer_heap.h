/* The heaps of timers, one for each P.
 *
 * Source: Go, runtime/runtime2.go (p.timers), time.go (timers.heap since 1.23).
 */
#pragma once

#include "heap.h"

/* Is it the array of such a heap? Looks through all spans. */
bool timer_heap_is(const struct heap *heap, object_t object);
