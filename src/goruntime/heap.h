/* The heap of a Go program: spans, slots, which are allocated, which the last collection had
 * marked.
 *
 * An object is an index: the number of its slot. Slots are numbered span by span, first all spans
 * whose objects hold pointers, then those without ("noscan"), each by address. So an index below
 * `scan_slots` is an object that may have references, and an index from there on is a leaf.
 *
 * Frozen after heap_load(); any thread may read it.
 * Sources: Go, runtime/mheap.go (mspan, heapArena, sweepgen), mbitmap.go (isFree),
 * mgcmark_greenteagc.go (spanInlineMarkBits).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "bitset.h"
#include "goruntime.h"
#include "mspan.h"
#include "ranges.h"

typedef uint32_t object_t;

#define NO_OBJECT UINT32_MAX

/* How the pointers of a span's objects are found; see pointer_map.h. */
enum span_map {
	SPAN_MAP_NONE,       /* noscan */
	SPAN_MAP_BITS,       /* bits at the end of the span */
	SPAN_MAP_HEADER,     /* a type in front of each object */
	SPAN_MAP_LARGE_TYPE, /* a type in the mspan */
	SPAN_MAP_ARENA,      /* the bitmap of the arena */
};

struct span {
	addr_t start;
	const uint8_t *bytes; /* all of the span, or NULL: absent or in parts */
	uint64_t elemsize;
	addr_t specials;
	addr_t large_type;
	object_t first;  /* the object in slot 0 */
	uint32_t divide; /* ceil(2^32 / elemsize), 0 for a span of one large object */
	uint32_t bits;   /* first word of its slots in heap.allocated and heap.marked */
	uint32_t npages;
	uint16_t nelems;
	uint8_t spanclass;
	uint8_t map; /* enum span_map */
};

struct heap {
	const struct goruntime *runtime;
	struct span *spans; /* with pointers first, each part by address */
	uint32_t span_count;
	uint32_t scan_spans; /* how many of them have pointers */
	object_t slots;      /* number of all slots */
	object_t scan_slots; /* of those in spans with pointers */
	uint64_t *allocated; /* per span, in whole words */
	uint64_t *marked;    /* alive at the end of the last collection that has ended */
	size_t bit_words;
	uint64_t *pointer_bits; /* by span of SPAN_MAP_BITS: POINTER_BIT_WORDS words, one bit per
				   word */
	uint32_t **arenas;      /* by address >> 26: per runtime page, span number + 1 */
	uint32_t arena_low, arena_high; /* the first one in use, and the one behind the last */
	uint32_t *span_at;    /* by object >> 6: the span of the first of those 64 objects */
	struct ranges stacks; /* memory of manual spans: goroutine stacks among it */
	uint64_t allocated_bytes;
	uint64_t allocated_objects;
	uint32_t sweepgen; /* goes up by two when the marking of a collection ends (mheap.go) */
	bool sweeping;     /* some spans still hold what the last collection found dead */
};

enum { POINTER_BIT_WORDS = RUNTIME_PAGE / 8 / 64 }; /* such spans have one page */

/* Reads and checks all spans. */
struct error *heap_load(const struct goruntime *runtime, struct heap **ret);
void heap_destroy(struct heap *heap);
DEFINE_CLEANUP(heap)

enum { ARENA_NUMBERS = 1 << (47 - ARENA_SHIFT) };

/* The span in use that an address is in, or NULL. */
static inline const struct span *heap_span_at(const struct heap *heap, addr_t address)
{
	uint64_t number = address >> ARENA_SHIFT;

	if (number >= ARENA_NUMBERS || !heap->arenas[number])
		return NULL;
	uint32_t span = heap->arenas[number][address >> RUNTIME_PAGE_SHIFT & (ARENA_PAGES - 1)];

	return span ? &heap->spans[span - 1] : NULL;
}

static inline uint32_t span_slot_at(const struct span *span, addr_t address)
{
	return (uint32_t)((address - span->start) * span->divide >> 32);
}

/* Bytes in front of the value in each slot: the type of larger objects with pointers is there
 * (malloc.go, since 1.22). */
static inline uint64_t span_header_bytes(const struct span *span)
{
	return span->map == SPAN_MAP_HEADER ? sizeof(addr_t) : 0;
}

static inline bool span_allocated(const struct heap *heap, const struct span *span, uint32_t slot)
{
	return bitset_has(heap->allocated + span->bits, slot);
}

/* The object that an address points into, or NO_OBJECT: not the heap, or a free slot. */
static inline object_t heap_object_at(const struct heap *heap, addr_t address)
{
	const struct span *span = heap_span_at(heap, address);

	if (!span)
		return NO_OBJECT;
	uint32_t slot = span_slot_at(span, address);

	if (slot >= span->nelems || !span_allocated(heap, span, slot))
		return NO_OBJECT;
	return span->first + slot;
}

/* The span of an object. */
static inline const struct span *heap_span_of(const struct heap *heap, object_t object)
{
	const struct span *span = &heap->spans[heap->span_at[object >> 6]];

	while (object - span->first >= span->nelems)
		span++;
	return span;
}

static inline addr_t heap_address(const struct heap *heap, object_t object)
{
	const struct span *span = heap_span_of(heap, object);

	return span->start + (object - span->first) * span->elemsize;
}

/* Bytes of the slot: what the object costs. */
static inline uint64_t heap_size(const struct heap *heap, object_t object)
{
	return heap_span_of(heap, object)->elemsize;
}

/* The bytes of a span from an offset on, or NULL when they were not captured. */
const uint8_t *heap_bytes(
	const struct heap *heap, const struct span *span, uint64_t offset, size_t length);
