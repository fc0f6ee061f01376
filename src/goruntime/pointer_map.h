/* Which words of an object hold pointers: exactly what the collector would scan.
 *
 * Thread-safe after pointer_maps_create(): masks of types that are met later are added under a
 * lock. Sources: Go, runtime/mbitmap.go (1.19; 1.20; 1.22 and later), runtime/type.go (getGCMask).
 */
#pragma once

#include "bitset.h"
#include "bytes.h"
#include "gotype.h"
#include "heap.h"

/* The pointers of one value of a type. */
struct type_mask {
	uint64_t size;  /* bytes of the type: the stride in arrays */
	uint64_t words; /* bits that count */
	uint64_t *bits;
};

struct pointer_maps;

struct error *pointer_maps_create(const struct heap *heap, struct pointer_maps **ret);
void pointer_maps_destroy(struct pointer_maps *maps);
DEFINE_CLEANUP(pointer_maps)

/* The mask of the type at an address, as the collector uses it. NULL when it is not a type. */
const struct type_mask *pointer_maps_type(struct pointer_maps *maps, addr_t type);

/* The mask of a type by its structure alone. ret->bits is malloc()ed. False: it is too large (over
 * `limit` words), or part of it is unknown. */
bool type_mask_build(
	struct types *types, const struct go_type *type, uint64_t limit, struct type_mask *ret);

/* What the bitmap of an arena says of 64 words. */
struct arena_group {
	uint64_t pointers;
	uint64_t
		more; /* a word without its bit ends the object's pointers, whatever is behind it */
	bool more_after; /* may the object that covers the last word have pointers behind it? */
};

/* The group of words from `address` on, which is a multiple of 512. */
struct arena_group arena_group_at(const struct pointer_maps *maps, addr_t address);

/* The pointer bits of the first 64 words of a slot, for spans with bitmaps; else 0. */
uint64_t pointer_map_first_bits(const struct pointer_maps *maps, const struct heap *heap,
	const struct span *span, uint32_t slot);

/* The type of the element that a span with type headers recorded for a slot, and where the first
 * element begins. 0 when there is none (yet). */
addr_t span_header_type(
	const struct heap *heap, const struct span *span, uint32_t slot, uint64_t *ret_offset);

/* Called with the offset in the slot, and the word that is there (0 where it was not captured;
 * large parts that were not captured may be left out). */
typedef void pointer_fn(void *context, uint64_t offset, addr_t value);

/* The parts of pointer_map_each() that are too rare to be inlined. */
void pointer_map_each_typed(struct pointer_maps *maps, const struct heap *heap,
	const struct span *span, uint32_t slot, pointer_fn *visit, void *context);
void pointer_map_each_arena(const struct pointer_maps *maps, const struct heap *heap,
	const struct span *span, uint32_t slot, pointer_fn *visit, void *context);

/* Of a span with bits whose bytes are not there in one piece. */
void pointer_map_each_split(const struct heap *heap, const struct span *span, uint32_t slot,
	pointer_fn *visit, void *context);

/* The pointer bits of a slot of a SPAN_MAP_BITS span: at most 64 words. */
static inline uint64_t span_pointer_bits(
	const struct heap *heap, const struct span *span, uint32_t slot)
{
	const uint64_t *bitmap =
		heap->pointer_bits + (size_t)(span - heap->spans) * POINTER_BIT_WORDS;
	uint64_t words = span->elemsize / 8, first = slot * words;
	unsigned shift = first & 63;
	uint64_t bits = bitmap[first / 64] >> shift;

	if (shift + words > 64)
		bits |= bitmap[first / 64 + 1] << (64 - shift);
	return bits & bits_below((unsigned)words);
}

static inline __attribute__((always_inline)) void pointer_map_each_bits(const struct heap *heap,
	const struct span *span, uint32_t slot, pointer_fn *visit, void *context)
{
	if (!span->bytes) {
		pointer_map_each_split(heap, span, slot, visit, context);
		return;
	}
	const uint8_t *object = span->bytes + slot * span->elemsize;

	for (uint64_t bits = span_pointer_bits(heap, span, slot); bits; bits &= bits - 1) {
		uint64_t offset = (uint64_t)__builtin_ctzll(bits) * 8;

		visit(context, offset, load_u64(object + offset));
	}
}

/* Visits the pointer words of an object. Inlined, so that `visit` is as well. */
static inline __attribute__((always_inline)) void pointer_map_each(struct pointer_maps *maps,
	const struct heap *heap, const struct span *span, uint32_t slot, pointer_fn *visit,
	void *context)
{
	switch ((enum span_map)span->map) {
	case SPAN_MAP_NONE:
		break;
	case SPAN_MAP_BITS:
		pointer_map_each_bits(heap, span, slot, visit, context);
		break;
	case SPAN_MAP_HEADER:
	case SPAN_MAP_LARGE_TYPE:
		pointer_map_each_typed(maps, heap, span, slot, visit, context);
		break;
	case SPAN_MAP_ARENA:
		pointer_map_each_arena(maps, heap, span, slot, visit, context);
		break;
	}
}
