#include "mspan.h"

#include "bytes.h"

enum {
	MAX_SPANS = 1 << 28,
	MALLOC_HEADER = 8,
	MAX_SMALL = 32768, /* bytes: larger objects have a span of their own */
};

#define ADDRESSES_END ((addr_t)1 << 48) /* of a process on arm64; on amd64 there are fewer */

const uint16_t size_classes[68] = {0, 8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192,
	208, 224, 240, 256, 288, 320, 352, 384, 416, 448, 480, 512, 576, 640, 704, 768, 896, 1024,
	1152, 1280, 1408, 1536, 1792, 2048, 2304, 2688, 3072, 3200, 3456, 4096, 4864, 5376, 6144,
	6528, 6784, 6912, 8192, 9472, 9728, 10240, 10880, 12288, 13568, 14336, 16384, 18432, 19072,
	20480, 21760, 24576, 27264, 28672, 32768};

uint64_t size_class_round(uint64_t size)
{
	for (size_t i = 1; i < ARRAY_SIZE(size_classes); i++) {
		if (size <= size_classes[i])
			return size_classes[i];
	}
	return (size + RUNTIME_PAGE - 1) & ~(uint64_t)(RUNTIME_PAGE - 1);
}

uint64_t slot_size_round(const struct layout *layout, uint64_t size, bool pointers)
{
	bool headers = layout->features.heap_bitmap == HEAP_BITMAP_SPAN;

	if (headers && size > MAX_SMALL - MALLOC_HEADER)
		return (size + RUNTIME_PAGE - 1) & ~(uint64_t)(RUNTIME_PAGE - 1);
	if (headers && pointers && size > SMALL_OBJECT)
		size += MALLOC_HEADER;
	return size_class_round(size);
}

static uint64_t member(const uint8_t *bytes, struct field field)
{
	return field_present(field) ? load_sized(bytes + field.at, field.size) : 0;
}

/* A span is in use before its limit is set, which until then is that of what the structure was
 * before (mheap.allocSpan; mcentral.grow up to Go 1.24 and mcache.allocLarge set it). It has no
 * objects then. */
static void set_limit_of_new(struct mspan *span)
{
	uint64_t bytes;

	if (span->state == SPAN_IN_USE && !span->alloc_count && !span->freeindex &&
		!__builtin_mul_overflow(span->nelems, span->elemsize, &bytes) &&
		bytes <= span->npages << RUNTIME_PAGE_SHIFT)
		span->limit = span->start + bytes;
}

struct mspan mspan_parse(const struct layout *layout, const uint8_t *bytes)
{
	struct mspan span = {
		.start = member(bytes, layout->mspan.start_addr),
		.npages = member(bytes, layout->mspan.npages),
		.nelems = member(bytes, layout->mspan.nelems),
		.elemsize = member(bytes, layout->mspan.elemsize),
		.limit = member(bytes, layout->mspan.limit),
		.freeindex = member(bytes, layout->mspan.freeindex),
		.free_index_for_scan = member(bytes, layout->mspan.free_index_for_scan),
		.alloc_bits = member(bytes, layout->mspan.alloc_bits),
		.gcmark_bits = member(bytes, layout->mspan.gcmark_bits),
		.specials = member(bytes, layout->mspan.specials),
		.large_type = member(bytes, layout->mspan.large_type),
		.sweepgen = (uint32_t)member(bytes, layout->mspan.sweepgen),
		.alloc_count = (uint16_t)member(bytes, layout->mspan.alloc_count),
		.spanclass = (uint8_t)member(bytes, layout->mspan.spanclass),
		.state = (uint8_t)member(bytes, layout->mspan.state),
		.user_arena = member(bytes, layout->mspan.is_user_arena),
	};

	set_limit_of_new(&span);
	return span;
}

bool mspan_read(const struct goruntime *runtime, addr_t address, uint8_t *bytes)
{
	const struct target *target = runtime->target;
	struct reader reader = reader_over(target);

	if (target->cache) /* it runs: what cannot be read is no span */
		return reader_bytes(&reader, address, bytes, runtime->layout.mspan.size);
	target_read_present(target, address, bytes, runtime->layout.mspan.size);
	return true;
}

bool mspan_plausible(const struct mspan *span)
{
	if (span->state > SPAN_MANUAL || span->start & (RUNTIME_PAGE - 1) ||
		span->start >= ADDRESSES_END)
		return false;
	if (span->state != SPAN_IN_USE)
		return true;
	uint64_t bytes = span->npages << RUNTIME_PAGE_SHIFT;

	return span->npages &&
	       span->npages <= (ADDRESSES_END - span->start) >> RUNTIME_PAGE_SHIFT &&
	       span->nelems && span->elemsize && span->nelems <= MAX_SLOTS_PER_SPAN &&
	       span->spanclass < MAX_SPAN_CLASS && span->alloc_count <= span->nelems &&
	       span->elemsize <= bytes && span->nelems <= bytes / span->elemsize &&
	       span->limit > span->start && span->limit <= span->start + bytes;
}

/* The bytes at the end of a span that hold no objects. */
static uint64_t reserve(const struct layout *layout, const struct mspan *span)
{
	uint64_t bytes = span->npages << RUNTIME_PAGE_SHIFT, reserved = 0;

	if (layout->features.heap_bitmap == HEAP_BITMAP_SPAN && !mspan_noscan(span) &&
		span->elemsize <= SMALL_OBJECT)
		reserved += bytes / 64;
	if (mspan_has_inline_marks(layout, span))
		reserved += INLINE_MARK_BYTES;
	return reserved;
}

struct error *mspan_check(const struct layout *layout, const struct mspan *span)
{
	unsigned class = span->spanclass >> 1;
	uint64_t bytes = span->npages << RUNTIME_PAGE_SHIFT;
	const char *broken = NULL;

	if (!mspan_plausible(span))
		broken = "its numbers make no sense";
	else if (class == 0 && span->nelems != 1)
		broken = "nelems of a large object is not 1";
	else if (class && span->elemsize != size_classes[class])
		broken = "elemsize is not that of its size class";
	else if (class && span->elemsize <= SMALL_OBJECT && span->npages != 1)
		broken = "a span of small objects has more than one page";
	else if (class && span->nelems != (bytes - reserve(layout, span)) / span->elemsize)
		broken = "nelems is not what fits";
	else if (class && span->limit != span->start + span->nelems * span->elemsize &&
		 span->limit != span->start + bytes / span->elemsize * span->elemsize)
		broken = "limit is not the end of its objects"; /* 1.22 to 1.24 count the reserve */
	return broken ? error_create(ERROR_LAYOUT, "mspan at 0x%" PRIaddr ": %s",
				(unsigned long long)span->start, broken)
		      : NULL;
}

struct error *mspan_list(const struct goruntime *runtime, addr_t **ret_addresses, size_t *ret_count)
{
	struct reader reader = reader_over(runtime->target);
	addr_t slice = runtime->mheap + runtime->layout.mheap.allspans.at;
	addr_t array = reader_u64(&reader, slice);
	uint64_t count = reader_u64(&reader, slice + 8);

	TRY(reader_error(&reader, "mheap.allspans"));
	if (!count || count > MAX_SPANS)
		return error_create(
			ERROR_LAYOUT, "mheap.allspans has %llu spans", (unsigned long long)count);
	/* Is all of it there? Before memory is taken for it. */
	reader_u64(&reader, array + 8 * (count - 1));
	TRY(reader_error(&reader, "mheap.allspans"));
	_cleanup_free_ addr_t *addresses = memory_array(count, sizeof(*addresses));
	TRY(error_context(
		target_read(runtime->target, array, addresses, count * sizeof(*addresses)),
		"mheap.allspans"));
	*ret_addresses = take_pointer(addresses);
	*ret_count = count;
	return NULL;
}
