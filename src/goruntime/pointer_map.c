#include "pointer_map.h"

#include <pthread.h>
#include <string.h>

#include "big_table.h"

enum {
	ARENA_WORDS = 1 << (ARENA_SHIFT - 3),
	GROUP_WORDS = 64,
	GROUP_BYTES = GROUP_WORDS * 8,
	MAX_MASK_WORDS = 1 << 27, /* a type of 1 GiB */
	MAX_DEPTH = 64,
};

/* The bitmap of one arena, in one piece. */
struct arena_bits {
	uint8_t *bits;    /* one or two bits per word */
	uint8_t *no_more; /* one bit per group of 64 words; NULL where there is no such thing */
};

struct pointer_maps {
	const struct heap *heap;
	struct types types;        /* of those whose masks are not in the program */
	struct shared_map mask_of; /* type -> its mask, or NULL: not a type */
	pthread_mutex_t lock;      /* for adding to mask_of and masks */
	VEC(struct type_mask *) masks;
	struct arena_bits *arenas; /* by address >> 26, from heap->arena_low on */
};

static size_t bitmap_bytes(const struct layout *layout)
{
	return layout->features.heap_bitmap == HEAP_BITMAP_ARENA_2BIT ? ARENA_WORDS / 4
								      : ARENA_WORDS / 8;
}

enum { NO_MORE_BYTES = ARENA_WORDS / GROUP_WORDS / 8 };

/* Copies what was captured; the rest of the table is not touched and stays zero. */
static void copy_present(const struct target *target, addr_t from, uint8_t *to, size_t length)
{
	for (size_t at = 0; at < length; at += OS_PAGE) {
		size_t part = MIN(length - at, (size_t)OS_PAGE);
		const uint8_t *view = target_view(target, from + at, part);

		if (view)
			memcpy(to + at, view, part);
	}
}

static struct error *load_arena(struct pointer_maps *maps, uint32_t number)
{
	const struct goruntime *runtime = maps->heap->runtime;
	const struct layout *layout = &runtime->layout;
	struct reader reader = reader_over(runtime->target);
	addr_t second_level = reader_u64(&reader, runtime->mheap + layout->mheap.arenas.at);
	addr_t arena = reader_u64(
		&reader, second_level + 8 * arena_place(layout, (addr_t)number << ARENA_SHIFT));
	struct arena_bits *bits = &maps->arenas[number - maps->heap->arena_low];

	TRY(reader_error(&reader, "heapArena"));
	TRY(big_table_alloc(bitmap_bytes(layout), 1, &bits->bits));
	copy_present(runtime->target, arena + layout->heap_arena.bitmap.at, bits->bits,
		bitmap_bytes(layout));
	if (!field_present(layout->heap_arena.no_more_ptrs))
		return NULL;
	TRY(big_table_alloc(NO_MORE_BYTES, 1, &bits->no_more));
	copy_present(runtime->target, arena + layout->heap_arena.no_more_ptrs.at, bits->no_more,
		NO_MORE_BYTES);
	return NULL;
}

static struct error *load_arenas(struct pointer_maps *maps)
{
	const struct heap *heap = maps->heap;

	if (heap->runtime->layout.features.heap_bitmap == HEAP_BITMAP_SPAN)
		return NULL;
	maps->arenas = memory_array(heap->arena_high - heap->arena_low, sizeof(*maps->arenas));
	for (uint32_t number = heap->arena_low; number < heap->arena_high; number++) {
		if (heap->arenas[number])
			TRY(load_arena(maps, number));
	}
	return NULL;
}

struct error *pointer_maps_create(const struct heap *heap, struct pointer_maps **ret)
{
	_cleanup_(cleanup_pointer_maps) struct pointer_maps *maps = memory_alloc(sizeof(*maps));

	maps->heap = heap;
	types_init(&maps->types, heap->runtime);
	pthread_mutex_init(&maps->lock, NULL);
	TRY(load_arenas(maps));
	*ret = take_pointer(maps);
	return NULL;
}

void pointer_maps_destroy(struct pointer_maps *maps)
{
	if (!maps)
		return;
	for (uint32_t i = 0; maps->arenas && i < maps->heap->arena_high - maps->heap->arena_low;
		i++) {
		big_table_free(maps->arenas[i].bits, bitmap_bytes(&maps->heap->runtime->layout));
		big_table_free(maps->arenas[i].no_more, NO_MORE_BYTES);
	}
	free(maps->arenas);
	vec_foreach (mask, &maps->masks) {
		free((*mask)->bits);
		free(*mask);
	}
	vec_deinit(&maps->masks);
	shared_map_deinit(&maps->mask_of);
	types_deinit(&maps->types);
	pthread_mutex_destroy(&maps->lock);
	free(maps);
}

/* A mask that is being built. Types come from the target: what they say need not fit together. */
struct mask_builder {
	struct types *types;
	uint64_t *bits;
	uint64_t words;
	uint64_t steps; /* types that were looked at; honest ones need a few for each word */
};

static bool add_type_bits(struct mask_builder *builder, const struct go_type *type,
	uint64_t first_word, unsigned depth);

static void add_bit(struct mask_builder *builder, uint64_t word)
{
	if (word < builder->words)
		bitset_add(builder->bits, word);
}

static bool add_repeated(struct mask_builder *builder, const struct go_type *array,
	uint64_t first_word, unsigned depth)
{
	const struct go_type *elem = types_at(builder->types, array->elem);

	if (!elem || !elem->size || elem->size % 8 || array->length > array->size / elem->size)
		return false;
	for (uint64_t i = 0; i < array->length; i++) {
		uint64_t word = first_word + i * elem->size / 8;

		if (word >= builder->words)
			return true;
		if (!add_type_bits(builder, elem, word, depth + 1))
			return false;
	}
	return true;
}

static bool add_fields(struct mask_builder *builder, const struct go_type *type,
	uint64_t first_word, unsigned depth)
{
	for (uint32_t i = 0; i < type->field_count; i++) {
		const struct go_field *field = &type->fields[i];
		const struct go_type *field_type = types_at(builder->types, field->type);

		if (!field_type || field_type->size > type->size ||
			field->offset > type->size - field_type->size)
			return false;
		if (field_type->pointer_bytes &&
			(field->offset % 8 || !add_type_bits(builder, field_type,
						      first_word + field->offset / 8, depth + 1)))
			return false;
	}
	return true;
}

/* runtime/type.go buildGCMask: the first word of everything but interfaces, whose data word is the
 * second; their first is never a pointer to the heap. */
static bool add_type_bits(struct mask_builder *builder, const struct go_type *type,
	uint64_t first_word, unsigned depth)
{
	if (!type->pointer_bytes)
		return true;
	if (depth > MAX_DEPTH || builder->steps++ > MAX_DEPTH * (builder->words + 1))
		return false;
	switch (type->kind) {
	case KIND_ARRAY:
		return add_repeated(builder, type, first_word, depth);
	case KIND_STRUCT:
		return add_fields(builder, type, first_word, depth);
	case KIND_INTERFACE:
		add_bit(builder, first_word + 1);
		return true;
	default:
		add_bit(builder, first_word);
		return true;
	}
}

bool type_mask_build(
	struct types *types, const struct go_type *type, uint64_t limit, struct type_mask *ret)
{
	uint64_t words = type->pointer_bytes / 8;

	if (words > limit || !type->size)
		return false;
	_cleanup_free_ uint64_t *bits = memory_array(BITSET_WORDS(words), 8);
	struct mask_builder builder = {.types = types, .bits = bits, .words = words};
	if (!add_type_bits(&builder, type, 0, 0))
		return false;
	*ret = (struct type_mask){.size = type->size, .words = words, .bits = take_pointer(bits)};
	return true;
}

/* The mask that the compiler wrote. Also for the nameless types that 1.22 and 1.23 make of unrolled
 * programs, of which only size, pointer_bytes and gcdata are valid: so nothing else is looked at.
 */
static struct type_mask *read_gcdata(struct pointer_maps *maps, addr_t type)
{
	const struct target *target = maps->heap->runtime->target;
	struct reader reader = reader_over(target);
	uint64_t size = reader_u64(&reader, type), pointer_bytes = reader_u64(&reader, type + 8);
	addr_t gcdata = reader_u64(&reader, type + 32);
	uint64_t words = pointer_bytes / 8;

	if (reader.failed || !size || pointer_bytes > size || words > MAX_MASK_WORDS)
		return NULL;
	_cleanup_free_ uint64_t *bits = memory_array(BITSET_WORDS(words) + 1, 8);
	if (!reader_bytes(&reader, gcdata, bits, (size_t)(words + 7) / 8))
		return NULL;
	if (words & 63)
		bits[words >> 6] &= bits_below(words & 63);
	struct type_mask *mask = memory_alloc(sizeof(*mask));
	*mask = (struct type_mask){.size = size, .words = words, .bits = take_pointer(bits)};
	return mask;
}

static struct type_mask *make_mask(struct pointer_maps *maps, addr_t at)
{
	const struct features *features = &maps->heap->runtime->layout.features;
	struct reader reader = reader_over(maps->heap->runtime->target);
	bool on_demand =
		features->mask_on_demand && reader_u8(&reader, at + 20) & TFLAG_MASK_ON_DEMAND;
	bool program = features->gc_programs && reader_u8(&reader, at + 23) & 0x40;

	if (at % 8 || reader.failed)
		return NULL;
	struct type_mask *read = on_demand || program ? NULL : read_gcdata(maps, at);

	/* The masks of types that reflection made are in memory that captures leave out. */
	if (read)
		return read;
	const struct go_type *type = types_at(&maps->types, at);
	struct type_mask mask;

	if (!type || !type_mask_build(&maps->types, type, MAX_MASK_WORDS, &mask))
		return NULL;
	struct type_mask *kept = memory_alloc(sizeof(*kept));
	*kept = mask;
	return kept;
}

/* Of a type that was not asked for yet; or by another thread just now. */
static const struct type_mask *add_mask(struct pointer_maps *maps, addr_t type)
{
	const void *known;

	if (shared_map_get(&maps->mask_of, type, &known))
		return known;
	struct type_mask *mask = make_mask(maps, type);

	if (mask)
		vec_push(&maps->masks, mask);
	shared_map_set(&maps->mask_of, type, mask);
	return mask;
}

const struct type_mask *pointer_maps_type(struct pointer_maps *maps, addr_t type)
{
	const void *known;

	if (shared_map_get(&maps->mask_of, type, &known))
		return known;
	pthread_mutex_lock(&maps->lock);
	const struct type_mask *mask = add_mask(maps, type);
	pthread_mutex_unlock(&maps->lock);
	return mask;
}

addr_t span_header_type(
	const struct heap *heap, const struct span *span, uint32_t slot, uint64_t *ret_offset)
{
	if (span->map == SPAN_MAP_LARGE_TYPE) {
		*ret_offset = 0;
		return span->large_type;
	}
	if (span->map != SPAN_MAP_HEADER)
		return 0;
	const uint8_t *header = heap_bytes(heap, span, slot * span->elemsize, 8);
	*ret_offset = 8;
	return header ? load_u64(header) : 0;
}

static void visit_word(const struct heap *heap, const struct span *span, uint32_t slot,
	uint64_t offset, pointer_fn *visit, void *context)
{
	const uint8_t *word = heap_bytes(heap, span, slot * span->elemsize + offset, 8);

	visit(context, offset, word ? load_u64(word) : 0);
}

void pointer_map_each_split(const struct heap *heap, const struct span *span, uint32_t slot,
	pointer_fn *visit, void *context)
{
	for (uint64_t bits = span_pointer_bits(heap, span, slot); bits; bits &= bits - 1)
		visit_word(heap, span, slot, (uint64_t)__builtin_ctzll(bits) * 8, visit, context);
}

/* From an offset of a span on, to the end of a page that was not captured; 0: it was. A span may be
 * much larger than what was captured of it. */
static uint64_t absent_bytes(const struct heap *heap, const struct span *span, uint64_t offset)
{
	addr_t at = span->start + offset;
	uint64_t left = page_down(at) + OS_PAGE - at;

	return span->bytes || heap_bytes(heap, span, offset, 1) ? 0 : left;
}

void pointer_map_each_typed(struct pointer_maps *maps, const struct heap *heap,
	const struct span *span, uint32_t slot, pointer_fn *visit, void *context)
{
	uint64_t offset;
	addr_t type = span_header_type(heap, span, slot, &offset);
	const struct type_mask *mask = type ? pointer_maps_type(maps, type) : NULL;

	if (!mask)
		return;
	for (; offset < span->elemsize; offset += mask->size) {
		uint64_t absent = absent_bytes(heap, span, slot * span->elemsize + offset);

		if (absent > mask->size) {
			offset += (absent / mask->size - 1) * mask->size;
			continue;
		}
		for (size_t i = 0; i < BITSET_WORDS(mask->words); i++) {
			for (uint64_t bits = mask->bits[i]; bits; bits &= bits - 1) {
				uint64_t at =
					offset + (i * 64 + (uint64_t)__builtin_ctzll(bits)) * 8;

				if (at + 8 > span->elemsize)
					return;
				visit_word(heap, span, slot, at, visit, context);
			}
		}
	}
}

/* 1.19 keeps four words per byte: pointer bits in the low half, "more" bits in the high half. */
static struct arena_group unpack_two_bits(const uint8_t *bytes)
{
	struct arena_group group = {.more_after = true};

	for (unsigned i = 0; i < 16; i++) {
		group.pointers |= (uint64_t)(bytes[i] & 15) << (4 * i);
		group.more |= (uint64_t)(bytes[i] >> 4) << (4 * i);
	}
	return group;
}

struct arena_group arena_group_at(const struct pointer_maps *maps, addr_t address)
{
	const struct arena_bits *arena =
		&maps->arenas[(address >> ARENA_SHIFT) - maps->heap->arena_low];
	size_t word = (size_t)(address >> 3 & (ARENA_WORDS - 1));

	if (!arena->no_more)
		return unpack_two_bits(arena->bits + word / 4);
	return (struct arena_group){
		.pointers = load_u64(arena->bits + word / 8),
		.more = ~(uint64_t)0,
		.more_after = !bitset_has(
			(const uint64_t *)(const void *)arena->no_more, word / GROUP_WORDS),
	};
}

/* An object may begin and end inside a group of words. */
void pointer_map_each_arena(const struct pointer_maps *maps, const struct heap *heap,
	const struct span *span, uint32_t slot, pointer_fn *visit, void *context)
{
	addr_t start = span->start + slot * span->elemsize, end = start + span->elemsize;
	addr_t at = start & ~(addr_t)(GROUP_BYTES - 1);

	for (; at < end; at += GROUP_BYTES) {
		struct arena_group group = arena_group_at(maps, at);
		uint64_t wanted =
			at < start ? ~bits_below((unsigned)((start - at) / 8)) : ~(uint64_t)0;
		uint64_t ends = ~group.more & wanted;

		if (end - at < GROUP_BYTES)
			wanted &= bits_below((unsigned)((end - at) / 8));
		if (ends)
			wanted &= bits_below((unsigned)__builtin_ctzll(ends));
		for (uint64_t bits = group.pointers & wanted; bits; bits &= bits - 1) {
			addr_t word = at + (addr_t)__builtin_ctzll(bits) * 8;

			visit_word(heap, span, slot, word - start, visit, context);
		}
		if (ends || !group.more_after)
			return;
	}
}

static void collect_bit(void *context, uint64_t offset, addr_t value)
{
	uint64_t *bits = context;

	(void)value;
	if (offset < 64 * 8)
		*bits |= (uint64_t)1 << offset / 8;
}

uint64_t pointer_map_first_bits(const struct pointer_maps *maps, const struct heap *heap,
	const struct span *span, uint32_t slot)
{
	uint64_t bits = 0;

	if (span->map == SPAN_MAP_BITS)
		return span_pointer_bits(heap, span, slot);
	if (span->map == SPAN_MAP_ARENA)
		pointer_map_each_arena(maps, heap, span, slot, collect_bit, &bits);
	return bits;
}
