/* The heaps of timers, one for each P.
 *
 * Source: Go, runtime/runtime2.go (p.timers), time.go (timers.heap since 1.23).
 */
#pragma once

#include "heap.h"

/* Is `object` a P, and what is at `referenced` its heap of timers? */
bool timer_heap_is(const struct heap *heap, object_t object, addr_t referenced);
