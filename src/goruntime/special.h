/* The records that the runtime hangs on objects: finalizers, cleanups, weak handles, profile
 * samples.
 *
 * Source: Go, runtime/mheap.go (special and what embeds it).
 */
#pragma once

#include "heap.h"

struct special {
	addr_t address;
	uint8_t kind; /* compare with layout.features.special_kinds */
	const struct span *span;
	uint32_t slot;
};

typedef void special_fn(void *context, const struct special *special);

/* Calls for every special of every span in use. Returns how many spans have lists that cannot be
 * read. */
uint64_t specials_each(const struct heap *heap, special_fn *visit, void *context);

/* The same for one span. False: its list cannot be read. */
bool specials_of_span(
	const struct heap *heap, const struct span *span, special_fn *visit, void *context);

/* The object that has the special: the start of its slot. */
static inline addr_t special_object(const struct special *special)
{
	return special->span->start + special->slot * special->span->elemsize;
}

/* The entry of the function that a finalizer or a cleanup calls; 0: it cannot be told. */
addr_t special_function(const struct heap *heap, const struct special *special);
