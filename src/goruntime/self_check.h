/* Does the layout fit this program? What is read is compared with what the runtime itself keeps to,
 * before anything is believed; each check looks at a bounded sample and names the structure that it
 * refuses.
 *
 * Other checks are made where the structures are read: module.c (moduledata), locate.c (mheap,
 * allgs), mspan.c and heap.c (spans), goroutine.c (g), special.c, gomap.c, and of the graph its
 * references to free slots.
 */
#pragma once

#include "goroutine.h"
#include "heap.h"

/* Stacks end where g.stktopsp says (traceback.go checks the same); waiting goroutines, their sudogs
 * and the channels that these wait for refer to each other (runtime2.go, chan.go). */
struct error *self_check_goroutines(
	const struct goruntime *runtime, const struct goroutines *goroutines);

/* The types that objects have in front of them, or in their mspan, are types (mbitmap.go). */
struct error *self_check_headers(const struct heap *heap);
