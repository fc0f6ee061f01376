/* A span of the heap as the runtime describes it: runtime.mspan, mheap.go. */
#pragma once

#include "goruntime.h"

enum {
	RUNTIME_PAGE_SHIFT = 13, /* 8 KiB, whatever the OS page is */
	RUNTIME_PAGE = 1 << RUNTIME_PAGE_SHIFT,
	ARENA_SHIFT = 26, /* 64 MiB */
	ARENA_PAGES = 1 << (ARENA_SHIFT - RUNTIME_PAGE_SHIFT),
	SPAN_DEAD = 0,
	SPAN_IN_USE = 1,
	SPAN_MANUAL = 2,     /* stacks, and the collector's own buffers */
	TINY_SPAN_CLASS = 5, /* malloc.go: 16 bytes without pointers, for several small values */
	MAX_SPAN_CLASS = 136,
	MAX_SLOTS_PER_SPAN = 1024,
	SMALL_OBJECT = 512, /* bytes: up to here pointer bits are in the span (since 1.22) */
	INLINE_MARK_BYTES = 128,
	INLINE_MARK_MIN = 16, /* bytes: smaller objects have no inline marks */
};

/* The place of an address in the index of arenas (malloc.go, arenaIndex). */
static inline uint64_t arena_place(const struct layout *layout, addr_t address)
{
	return (address + layout->facts.arena_base) >> ARENA_SHIFT;
}

struct mspan {
	addr_t start;
	uint64_t npages;
	uint64_t nelems;
	uint64_t elemsize;
	addr_t limit;
	uint64_t freeindex;
	uint64_t free_index_for_scan;
	addr_t alloc_bits;
	addr_t gcmark_bits;
	addr_t specials;
	addr_t large_type;
	uint32_t sweepgen;
	uint16_t alloc_count;
	uint8_t spanclass;
	uint8_t state;
	bool user_arena;
};

static inline bool mspan_noscan(const struct mspan *span)
{
	return span->spanclass & 1;
}

/* Has what the last collection found dead been taken away? mheap.go: then its number is that of the
 * heap, or, while a P has it, three more. */
static inline bool mspan_swept(const struct mspan *span, uint32_t heap_sweepgen)
{
	uint32_t ahead = span->sweepgen - heap_sweepgen;

	return ahead == 0 || ahead == 3;
}

static inline bool mspan_being_swept(const struct mspan *span, uint32_t heap_sweepgen)
{
	return span->sweepgen + 1 == heap_sweepgen;
}

/* Green Tea keeps the marks of such a span at the end of its page, until it is swept. */
static inline bool mspan_has_inline_marks(const struct layout *layout, const struct mspan *span)
{
	return layout->features.inline_marks && span->elemsize >= INLINE_MARK_MIN &&
	       span->elemsize <= SMALL_OBJECT;
}

/* `bytes` has layout->mspan.size bytes. */
struct mspan mspan_parse(const struct layout *layout, const uint8_t *bytes);

/* Reads the structure of a span: layout->mspan.size bytes. In a capture, a page that the target did
 * not have counts as zeros, a dead span: the runtime enters a span in allspans before it first
 * writes to it, 64 at a time for the cache of a P (mheap.allocMSpanLocked; fixalloc.alloc calls
 * recordspan). False: it cannot be read. */
bool mspan_read(const struct goruntime *runtime, addr_t address, uint8_t *bytes);

/* Could this be a span of the version? For telling one from other memory. */
bool mspan_plausible(const struct mspan *span);

/* Does it keep the rules of its size class: sizes.go, and mspan.initHeapBits for the reserve? NULL,
 * or ERROR_LAYOUT that says which rule. */
struct error *mspan_check(const struct layout *layout, const struct mspan *span);

/* The addresses of all spans: mheap.allspans. ret is malloc()ed. */
struct error *mspan_list(
	const struct goruntime *runtime, addr_t **ret_addresses, size_t *ret_count);

/* sizes.go: the bytes of a slot of a size class (0: large objects). */
extern const uint16_t size_classes[68];

/* The slot size that an allocation of so many bytes gets, in bytes. */
uint64_t size_class_round(uint64_t size);

/* The same, with the header that malloc.go puts in front of some values with pointers since 1.22:
 * of those larger than 512 bytes and not so large that they get a span of their own. */
uint64_t slot_size_round(const struct layout *layout, uint64_t size, bool pointers);
