#include "heap.h"

#include <string.h>

#include "bytes.h"
#include "self_check.h"
#include "big_table.h"

enum {
	TOLERATED_SPANS = 4, /* spans that may be in the middle of a change, plus 0.1 % */
	UNUSED_SPANS = 128,  /* of a P, entered but never written to (runtime2.go, mspancache) */
	MAX_PAGES = 1 << 27, /* of all spans: 1 TiB; a table has four bytes for each */
};

/* What is gathered from the mspans before they are sorted. */
struct loader {
	struct heap *heap;
	VEC(struct mspan) in_use;
	size_t broken; /* spans whose allocCount is not what their bits say */
	size_t counted;
};

static struct error *read_spans(struct loader *loader)
{
	const struct goruntime *runtime = loader->heap->runtime;
	const struct layout *layout = &runtime->layout;
	_cleanup_free_ addr_t *addresses = NULL;
	size_t count, absent = 0;

	TRY(mspan_list(runtime, &addresses, &count));
	for (size_t i = 0; i < count; i++) {
		uint8_t buffer[256];
		const uint8_t *bytes =
			target_bytes(runtime->target, addresses[i], layout->mspan.size, buffer);

		if (!bytes) {
			bytes = buffer;
			if (++absent > UNUSED_SPANS + count / 4 ||
				!mspan_read(runtime, addresses[i], buffer))
				return error_context(
					error_fault(addresses[i], layout->mspan.size), "mspan");
		}
		struct mspan span = mspan_parse(layout, bytes);
		if (span.state == SPAN_MANUAL)
			ranges_add(&loader->heap->stacks, span.start,
				span.start + (span.npages << RUNTIME_PAGE_SHIFT));
		if (span.state != SPAN_IN_USE)
			continue;
		TRY(mspan_check(layout, &span));
		vec_push(&loader->in_use, span);
	}
	ranges_normalise(&loader->heap->stacks);
	return NULL;
}

static int by_kind_and_address(const void *left, const void *right)
{
	const struct mspan *a = left, *b = right;

	if (mspan_noscan(a) != mspan_noscan(b))
		return mspan_noscan(a) - mspan_noscan(b);
	return (a->start > b->start) - (a->start < b->start);
}

static enum span_map map_of(const struct layout *layout, const struct mspan *span)
{
	if (mspan_noscan(span))
		return SPAN_MAP_NONE;
	if (layout->features.heap_bitmap != HEAP_BITMAP_SPAN)
		return SPAN_MAP_ARENA;
	if (span->elemsize <= SMALL_OBJECT)
		return SPAN_MAP_BITS;
	return span->spanclass >> 1 && !span->user_arena ? SPAN_MAP_HEADER : SPAN_MAP_LARGE_TYPE;
}

static struct error *allocate_tables(struct loader *loader)
{
	struct heap *heap = loader->heap;
	uint64_t slots = 0, words = 0, pages = 0;

	vec_foreach (span, &loader->in_use) {
		slots += span->nelems;
		words += BITSET_WORDS(span->nelems);
		pages += span->npages;
		if (pages > MAX_PAGES)
			return error_create(ERROR_LIMIT,
				"the heap has more than the %d GiB that silt can hold",
				MAX_PAGES >> (30 - RUNTIME_PAGE_SHIFT));
	}
	if (slots >= NO_OBJECT / 2)
		return error_create(ERROR_LIMIT, "the heap has %llu slots; silt can hold %u",
			(unsigned long long)slots, NO_OBJECT / 2);
	heap->slots = (object_t)slots;
	heap->bit_words = words;
	heap->span_count = (uint32_t)loader->in_use.count;
	TRY(big_table_alloc(heap->span_count, sizeof(*heap->spans), &heap->spans));
	TRY(big_table_alloc(words, 8, &heap->allocated));
	TRY(big_table_alloc(words, 8, &heap->marked));
	TRY(big_table_alloc((slots >> 6) + 1, sizeof(*heap->span_at), &heap->span_at));
	return big_table_alloc(ARENA_NUMBERS, sizeof(*heap->arenas), &heap->arenas);
}

static struct error *enter_pages(struct heap *heap, const struct span *span, uint32_t number)
{
	addr_t end = span->start + ((uint64_t)span->npages << RUNTIME_PAGE_SHIFT);

	for (addr_t page = span->start; page < end; page += RUNTIME_PAGE) {
		uint32_t arena_number = (uint32_t)(page >> ARENA_SHIFT);
		uint32_t **arena = &heap->arenas[arena_number];

		if (!*arena) {
			*arena = memory_array(ARENA_PAGES, sizeof(**arena));
			heap->arena_low = heap->arena_high ? MIN(heap->arena_low, arena_number)
							   : arena_number;
			heap->arena_high = MAX(heap->arena_high, arena_number + 1);
		}
		uint32_t *entry = &(*arena)[page >> RUNTIME_PAGE_SHIFT & (ARENA_PAGES - 1)];
		if (*entry)
			return error_create(ERROR_LAYOUT,
				"mspan: two spans share the page at 0x%" PRIaddr,
				(unsigned long long)page);
		*entry = number + 1;
	}
	return NULL;
}

/* Copies `count` bits from the target; what is not there stays 0. */
static void read_bits(const struct target *target, addr_t from, uint64_t *to, uint64_t count)
{
	uint8_t buffer[MAX_SLOTS_PER_SPAN / 8];
	size_t length = (size_t)(count + 7) / 8;
	const uint8_t *bytes = from ? target_bytes(target, from, length, buffer) : NULL;

	if (bytes)
		memcpy(to, bytes, length);
	if (count & 63)
		to[count >> 6] &= bits_below(count & 63);
}

/* spanInlineMarkBits: scans[63], owned, marks[63], class; the last 128 bytes of the page. */
static void add_inline_marks(struct loader *loader, const struct mspan *span, uint64_t *marked)
{
	uint8_t buffer[INLINE_MARK_BYTES];
	const struct target *target = loader->heap->runtime->target;
	addr_t at = span->start + (span->npages << RUNTIME_PAGE_SHIFT) - INLINE_MARK_BYTES;
	const uint8_t *bytes = target_bytes(target, at, INLINE_MARK_BYTES, buffer);

	if (!bytes || bytes[INLINE_MARK_BYTES - 1] != span->spanclass)
		return;
	uint64_t words[BITSET_WORDS(MAX_SLOTS_PER_SPAN)] = {0};
	memcpy(words, bytes + 64, 63);
	for (size_t i = 0; i < BITSET_WORDS(span->nelems); i++)
		marked[i] |= words[i];
	if (span->nelems & 63)
		marked[span->nelems >> 6] &= bits_below(span->nelems & 63);
}

/* mbitmap.go isFree: a slot is allocated when it lies below the free index or has its bit. After a
 * sweep the bits are the marks of the last collection; before it, those are still in gcmarkBits. */
static void read_slots(struct loader *loader, const struct mspan *span, uint32_t bits)
{
	struct heap *heap = loader->heap;
	const struct layout *layout = &heap->runtime->layout;
	uint64_t *allocated = heap->allocated + bits, *marked = heap->marked + bits;
	uint64_t below =
		layout->features.free_index_is_final ? span->freeindex : span->free_index_for_scan;

	read_bits(heap->runtime->target, span->alloc_bits, allocated, span->nelems);
	if (mspan_swept(span, heap->sweepgen)) {
		memcpy(marked, allocated, BITSET_WORDS(span->nelems) * 8);
	} else {
		heap->sweeping = true;
		read_bits(heap->runtime->target, span->gcmark_bits, marked, span->nelems);
		if (mspan_has_inline_marks(layout, span))
			add_inline_marks(loader, span, marked);
	}
	below = MIN(below, span->nelems);
	for (size_t i = 0; i < BITSET_WORDS(span->nelems); i++) {
		if (below > i * 64)
			allocated[i] |= bits_below((unsigned)MIN(below - i * 64, 64u));
		marked[i] &= allocated[i];
	}
	uint64_t count = bitset_count(allocated, span->nelems);
	loader->counted++;
	loader->broken += count != span->alloc_count && !mspan_being_swept(span, heap->sweepgen);
	heap->allocated_objects += count;
	heap->allocated_bytes += count * span->elemsize;
}

/* The pointer bits of small objects are kept at the end of their span. They are needed far more
 * often than the objects, so they are copied together. */
static void copy_pointer_bits(struct heap *heap)
{
	size_t length = POINTER_BIT_WORDS * 8;

	for (uint32_t i = 0; i < heap->scan_spans; i++) {
		const struct span *span = &heap->spans[i];
		size_t end = (size_t)span->npages << RUNTIME_PAGE_SHIFT;

		if (span->map != SPAN_MAP_BITS)
			continue;
		if (heap->runtime->layout.features.inline_marks &&
			span->elemsize >= INLINE_MARK_MIN)
			end -= INLINE_MARK_BYTES;
		const uint8_t *bytes = heap_bytes(heap, span, end - length, length);
		target_note_use(heap->runtime->target, bytes, length);
		if (bytes)
			memcpy(heap->pointer_bits + (size_t)i * POINTER_BIT_WORDS, bytes, length);
	}
}

static struct error *build_spans(struct loader *loader)
{
	struct heap *heap = loader->heap;
	const struct layout *layout = &heap->runtime->layout;
	object_t first = 0;
	uint32_t bits = 0, number = 0;

	vec_foreach (from, &loader->in_use) {
		struct span *span = &heap->spans[number];

		*span = (struct span){
			.start = from->start,
			.bytes = target_view(heap->runtime->target, from->start,
				from->npages << RUNTIME_PAGE_SHIFT),
			.elemsize = from->elemsize,
			.specials = from->specials,
			.large_type = from->large_type,
			.first = first,
			.divide =
				from->nelems == 1 ? 0 : (uint32_t)(UINT32_MAX / from->elemsize + 1),
			.bits = bits,
			.npages = (uint32_t)from->npages,
			.nelems = (uint16_t)from->nelems,
			.spanclass = from->spanclass,
			.map = map_of(layout, from),
		};
		TRY(enter_pages(heap, span, number));
		read_slots(loader, from, bits);
		for (object_t at = (first + 63) & ~63u; at < first + span->nelems; at += 64)
			heap->span_at[at >> 6] = number;
		first += span->nelems;
		bits += (uint32_t)BITSET_WORDS(span->nelems);
		number++;
		if (!mspan_noscan(from)) {
			heap->scan_spans = number;
			heap->scan_slots = first;
		}
	}
	return NULL;
}

static struct error *check_counts(const struct loader *loader)
{
	if (loader->broken > loader->counted / 1000 + TOLERATED_SPANS)
		return error_create(ERROR_LAYOUT,
			"mspan: allocCount differs from the allocated slots in %zu of %zu spans",
			loader->broken, loader->counted);
	return NULL;
}

static bool has_span_bits(const struct goruntime *runtime)
{
	return runtime->layout.features.heap_bitmap == HEAP_BITMAP_SPAN;
}

static struct error *load(struct loader *loader)
{
	struct heap *heap = loader->heap;
	const struct goruntime *runtime = heap->runtime;
	struct reader reader = reader_over(runtime->target);

	heap->sweepgen =
		(uint32_t)read_field(&reader, runtime->mheap, runtime->layout.mheap.sweepgen);
	TRY(reader_error(&reader, "mheap.sweepgen"));
	TRY(read_spans(loader));
	qsort(loader->in_use.items, loader->in_use.count, sizeof(struct mspan),
		by_kind_and_address);
	TRY(allocate_tables(loader));
	TRY(build_spans(loader));
	if (has_span_bits(runtime)) {
		TRY(big_table_alloc(
			(size_t)heap->scan_spans * POINTER_BIT_WORDS, 8, &heap->pointer_bits));
		copy_pointer_bits(heap);
	}
	TRY(check_counts(loader));
	return self_check_headers(heap);
}

struct error *heap_load(const struct goruntime *runtime, struct heap **ret)
{
	_cleanup_(cleanup_heap) struct heap *heap = memory_alloc(sizeof(*heap));
	struct loader loader = {.heap = heap};

	heap->runtime = runtime;
	struct error *error = load(&loader);
	vec_deinit(&loader.in_use);
	if (error)
		return error;
	*ret = take_pointer(heap);
	return NULL;
}

void heap_destroy(struct heap *heap)
{
	if (!heap)
		return;
	for (size_t i = heap->arena_low; heap->arenas && i < heap->arena_high; i++)
		free(heap->arenas[i]);
	big_table_free(heap->arenas, ARENA_NUMBERS * sizeof(*heap->arenas));
	big_table_free(heap->spans, heap->span_count * sizeof(*heap->spans));
	big_table_free(heap->allocated, heap->bit_words * 8);
	big_table_free(heap->marked, heap->bit_words * 8);
	big_table_free(heap->span_at, (((size_t)heap->slots >> 6) + 1) * sizeof(*heap->span_at));
	big_table_free(heap->pointer_bits, (size_t)heap->scan_spans * POINTER_BIT_WORDS * 8);
	ranges_deinit(&heap->stacks);
	free(heap);
}

const uint8_t *heap_bytes(
	const struct heap *heap, const struct span *span, uint64_t offset, size_t length)
{
	if (span->bytes)
		return span->bytes + offset;
	return target_view(heap->runtime->target, span->start + offset, length);
}
