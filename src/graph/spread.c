#include "spread.h"

#include <string.h>

#include "gomap.h"
#include "big_table.h"

enum {
	CACHED_WORDS = 1 << 10,
	MAX_CHAN_BUFFER = 1 << 26,
	MAX_WAITERS = 1 << 20,
	MAX_COPY = 1 << 26, /* bytes of an object that is not in one piece */
};

/* What an interface's first word stands for. */
struct interface_word {
	addr_t word;
	const struct go_type *type; /* NULL: it is none */
	otype_t target;             /* of the value, when the data word points to it */
};

struct spread {
	struct typing *typing;
	const struct heap *heap;
	uint64_t *waiting; /* bits, laid out as heap->allocated */
	uint8_t *queued;   /* by span */
	uint32_t *queue;   /* ring of span numbers */
	uint32_t head, length;
	uint64_t typed;
	const struct go_type *sudog;
	struct addrmap trie_types; /* node type | is entry -> number of the object type */
	struct interface_word cache[CACHED_WORDS];
	VEC(uint8_t) copy;       /* of an object that is not in one piece */
	struct addrmap closures; /* function entries, or what looked like ones, and their types */
};

struct error *spread_create(struct typing *typing, struct spread **ret)
{
	struct spread *spread = memory_alloc(sizeof(*spread));
	const struct heap *heap = typing->heap;

	*ret = spread;
	spread->typing = typing;
	spread->heap = heap;
	spread->queue = memory_array(heap->span_count + 1, sizeof(*spread->queue));
	spread->queued = memory_array(heap->span_count + 1, 1);
	return big_table_alloc(heap->bit_words, 8, &spread->waiting);
}

void spread_destroy(struct spread *spread)
{
	big_table_free(spread->waiting, spread->heap->bit_words * 8);
	free(spread->queue);
	free(spread->queued);
	vec_deinit(&spread->copy);
	addrmap_deinit(&spread->closures);
	addrmap_deinit(&spread->trie_types);
	free(spread);
}

struct typing *spread_typing(struct spread *spread)
{
	return spread->typing;
}

static struct object_types *object_types(struct spread *spread)
{
	return &spread->typing->object_types;
}

static void wait_for_scan(struct spread *spread, const struct span *span, uint32_t slot)
{
	uint32_t number = (uint32_t)(span - spread->heap->spans);

	bitset_add(spread->waiting + span->bits, slot);
	if (spread->queued[number])
		return;
	spread->queued[number] = 1;
	spread->queue[(spread->head + spread->length) % spread->heap->span_count] = number;
	spread->length++;
}

/* The pointer bits of the first 64 words of a slot. */
static uint64_t slot_mask(const struct spread *spread, const struct span *span, uint32_t slot)
{
	const struct heap *heap = spread->heap;

	if (span->map == SPAN_MAP_BITS)
		return span_pointer_bits(heap, span, slot);
	return pointer_map_first_bits(spread->typing->maps, heap, span, slot);
}

/* Is every pointer of a value a pointer of the slot, and the other way round? Spans with type
 * headers have been asked by their headers; what is left there is not checked. */
static bool value_fits_mask(
	const struct spread *spread, const struct span *span, uint32_t slot, uint64_t mask)
{
	if (span->map != SPAN_MAP_BITS && span->map != SPAN_MAP_ARENA)
		return true;
	return slot_mask(spread, span, slot) == mask;
}

static bool value_fits(const struct spread *spread, const struct span *span, uint32_t slot,
	const struct object_type *type)
{
	bool noscan = span->map == SPAN_MAP_NONE;

	if (type->grows)
		return noscan && span->elemsize >= type->unit;
	if (noscan == type->pointers || type->slot_size != span->elemsize)
		return false;
	return noscan || value_fits_mask(spread, span, slot, type->mask);
}

/* The mask of a value, again and again, from `offset` bytes into one on. */
static uint64_t tiled_mask(const struct object_type *type, uint64_t words)
{
	uint64_t unit = type->unit / 8, tiled = 0;

	for (uint64_t at = 0; at < words && at < 64; at += unit)
		tiled |= type->mask << at;
	return tiled & bits_below((unsigned)MIN(words, (uint64_t)64));
}

/* An array may be longer than what one slice of it shows, and the slot longer than the array.
 * Behind its end the slot has no pointers. */
static bool array_fits(const struct spread *spread, const struct span *span, uint32_t slot,
	uint64_t offset, uint64_t units, const struct object_type *type)
{
	bool noscan = span->map == SPAN_MAP_NONE;

	if (noscan == type->pointers || !type->unit || offset % type->unit)
		return false;
	uint64_t end = offset + units * type->unit, room = span->elemsize - span_header_bytes(span);
	if (units > room / type->unit || end > room)
		return false;
	if (noscan || (span->map != SPAN_MAP_BITS && span->map != SPAN_MAP_ARENA))
		return true;
	if (type->unit % 8)
		return false;
	uint64_t bits = slot_mask(spread, span, slot),
		 shown = bits_below((unsigned)MIN(end / 8, (uint64_t)64));
	uint64_t tiled = tiled_mask(type, room / 8);
	return (bits & shown) == (tiled & shown) && !(bits & ~tiled);
}

static bool fits(const struct spread *spread, const struct span *span, uint32_t slot,
	uint64_t offset, uint64_t units, const struct object_type *type)
{
	uint64_t begin = span_header_bytes(span);

	switch (type->role) {
	case ROLE_VALUE:
		if (span->spanclass == TINY_SPAN_CLASS && !type->pointers)
			return true;
		return offset == begin && value_fits(spread, span, slot, type);
	case ROLE_ARRAY:
	case ROLE_MAP_GROUPS:
	case ROLE_CHAN_BUFFER:
		return offset >= begin &&
		       array_fits(spread, span, slot, offset - begin, units, type);
	case ROLE_STRING:
		return span->map == SPAN_MAP_NONE;
	case ROLE_CHAN: /* without a buffer or pointers in it: memory that is not scanned (makechan)
			 */
		return offset == 0 &&
		       span->elemsize >= spread->typing->program->runtime->layout.hchan.size;
	case ROLE_MAP:
		return offset == 0 && type->slot_size == span->elemsize &&
		       span->map != SPAN_MAP_NONE;
	default:
		return offset == begin;
	}
}

bool spread_target(struct spread *spread, addr_t to, otype_t number, uint64_t units)
{
	const struct span *span = heap_span_at(spread->heap, to);

	if (!span || number == NO_TYPE)
		return false;
	uint32_t slot = span_slot_at(span, to);
	if (slot >= span->nelems || !span_allocated(spread->heap, span, slot))
		return false;
	otype_t *of = &spread->typing->of[span->first + slot];
	if (*of != NO_TYPE)
		return *of == number;
	const struct object_type *type = object_type_at(object_types(spread), number);
	if (!fits(spread, span, slot, to - span->start - slot * span->elemsize, units, type))
		return false;
	*of = number;
	spread->typed++;
	if (type->pointers && span->map != SPAN_MAP_NONE)
		wait_for_scan(spread, span, slot);
	return true;
}

static const struct interface_word *look_up_interface(struct spread *spread, addr_t word)
{
	struct interface_word *cached = &spread->cache[(word >> 3 ^ word >> 13) % CACHED_WORDS];

	if (cached->word == word)
		return cached;
	const struct go_type *type = types_of_interface(&spread->typing->types, word);

	*cached = (struct interface_word){
		.word = word,
		.type = type,
		.target = type && !type->direct
				  ? object_type_of(object_types(spread), ROLE_VALUE, type)
				  : NO_TYPE,
	};
	return cached;
}

bool spread_is_interface_word(struct spread *spread, addr_t word)
{
	return word && word % 8 == 0 && look_up_interface(spread, word)->type;
}

static void scan(
	struct spread *spread, struct scan_plan *plan, const uint8_t *bytes, uint64_t length);

/* A value that is its own data word: a pointer, map, channel, function, or one of them in a struct.
 */
static void spread_direct(struct spread *spread, const struct go_type *type, addr_t data)
{
	uint8_t bytes[8];

	memcpy(bytes, &data, sizeof(bytes));
	scan(spread, scan_plan_of(object_types(spread), type), bytes, sizeof(bytes));
}

void spread_interface(struct spread *spread, addr_t word, addr_t data)
{
	if (!word || !data || word % 8)
		return;
	const struct interface_word *found = look_up_interface(spread, word);

	if (!found->type)
		return;
	if (found->type->direct)
		spread_direct(spread, found->type, data);
	else
		spread_target(spread, data, found->target, 1);
}

/* Bytes of an object that is not the one that is being scanned. */
static const uint8_t *bytes_at(
	const struct spread *spread, const struct span *span, addr_t address, size_t length)
{
	const uint8_t *bytes = heap_bytes(spread->heap, span, address - span->start, length);

	target_note_use(spread->heap->runtime->target, bytes, length);
	return bytes;
}

/* The type of closures whose function begins at `entry`. */
static otype_t closure_type(struct spread *spread, addr_t entry)
{
	const struct goruntime *runtime = spread->typing->program->runtime;
	struct function function;
	uint32_t number = NO_TYPE;

	if (addrmap_get(&spread->closures, entry, &number))
		return (otype_t)number;
	if (goruntime_function_at(runtime, entry, &function))
		number = object_type_of_closure(object_types(spread), entry, function.name);
	addrmap_set(&spread->closures, entry, number);
	return (otype_t)number;
}

void spread_closure(struct spread *spread, addr_t closure)
{
	const struct span *span = heap_span_at(spread->heap, closure);

	if (!span)
		return;
	const uint8_t *bytes = bytes_at(spread, span, closure, 8);
	addr_t entry = bytes ? load_u64(bytes) : 0;

	if (modules_of_text(&spread->typing->program->runtime->modules, entry))
		spread_target(spread, closure, closure_type(spread, entry), 0);
}

struct map_walk {
	struct spread *spread;
	const struct go_type *type;
};

static void spread_map_piece(void *context, const struct map_piece *piece)
{
	const struct map_walk *walk = context;
	static const enum object_role roles[] = {
		[MAP_PART_GROUPS] = ROLE_MAP_GROUPS,
		[MAP_PART_TABLE] = ROLE_MAP_TABLE,
		[MAP_PART_DIRECTORY] = ROLE_MAP_DIRECTORY,
	};

	spread_target(walk->spread, piece->address,
		object_type_of(object_types(walk->spread), roles[piece->part], walk->type),
		piece->count);
}

/* Most maps are small: one group, which the header points to. */
static void scan_map(
	struct spread *spread, const struct object_type *type, addr_t address, const uint8_t *bytes)
{
	const struct layout *layout = &spread->typing->program->runtime->layout;
	struct map_walk walk = {spread, type->type};
	struct go_map map;

	if (layout->features.swiss_maps && !load_u64(bytes + layout->swiss_map.dir_len.at)) {
		addr_t group = load_u64(bytes + layout->swiss_map.dir_ptr.at);

		if (group)
			spread_map_piece(
				&walk, &(struct map_piece){MAP_PART_GROUPS, group, 1, false});
		return;
	}
	if (gomap_open(&spread->typing->types, type->type, address, &map))
		gomap_pieces(&spread->typing->types, &map, spread_map_piece, &walk);
}

static const struct go_type *sudog_type(struct spread *spread)
{
	if (!spread->sudog)
		spread->sudog = types_find(&spread->typing->types, "runtime.sudog");
	return spread->sudog;
}

/* The buffer is an object of its own when its elements have pointers. */
static void scan_chan(struct spread *spread, const struct object_type *type, const uint8_t *bytes)
{
	const struct layout *layout = &spread->typing->program->runtime->layout;
	uint64_t capacity = load_u64(bytes + layout->hchan.dataqsiz.at);
	addr_t buffer = load_u64(bytes + layout->hchan.buf.at);
	const struct go_type *go_type = type->type;

	if (capacity && capacity <= MAX_CHAN_BUFFER)
		spread_target(spread, buffer,
			object_type_of(object_types(spread), ROLE_CHAN_BUFFER, go_type), capacity);
	for (unsigned i = 0; i < 2; i++) {
		struct field queue = i ? layout->hchan.sendq : layout->hchan.recvq;
		addr_t first = load_u64(bytes + queue.at);

		if (first && sudog_type(spread))
			spread_target(spread, first,
				object_type_of(
					object_types(spread), ROLE_VALUE, sudog_type(spread)),
				1);
	}
}

/* A node of a HashTrieMap is an entry or an inner node (internal/sync). Their types have the same
 * arguments as the node's: "sync.node[K,V]". */
static otype_t trie_type(struct spread *spread, const struct go_type *node, bool entry)
{
	addr_t key = (node->ref & ~(addr_t)1) | entry;
	uint32_t number = NO_TYPE;
	const char *arguments = strchr(node->name, '[');

	if (addrmap_get(&spread->trie_types, key, &number) || !arguments)
		return (otype_t)number;
	_cleanup_free_ char *name =
		memory_format("sync.%s%s", entry ? "entry" : "indirect", arguments);
	const struct go_type *type = types_find(&spread->typing->types, name);
	number = object_type_of(object_types(spread), ROLE_VALUE, type);
	addrmap_set(&spread->trie_types, key, number);
	return (otype_t)number;
}

/* The first byte of a node says which it is. */
static void scan_trie_node(struct spread *spread, struct scan_step *step, addr_t node)
{
	const struct span *span = heap_span_at(spread->heap, node);
	const uint8_t *bytes = span ? bytes_at(spread, span, node, 1) : NULL;

	if (bytes)
		spread_target(spread, node, trie_type(spread, step->type, bytes[0] != 0), 1);
}

static void scan_step(
	struct spread *spread, struct scan_step *step, const uint8_t *bytes, uint64_t length)
{
	const uint8_t *at = bytes + step->offset;
	addr_t word = load_u64(at);

	if (step->action == SCAN_REPEAT) {
		for (uint64_t i = 0; i < step->count && step->offset + i * step->stride < length;
			i++)
			scan(spread, step->plan, at + i * step->stride,
				MIN((uint64_t)step->stride,
					length - step->offset - i * step->stride));
		return;
	}
	if (!word)
		return;
	switch (step->action) {
	case SCAN_POINTER:
	case SCAN_MAP:
	case SCAN_CHAN:
		spread_target(spread, word, scan_step_target(object_types(spread), step), 1);
		break;
	case SCAN_SLICE:
		/* Of a local the compiler may have kept the pointer alone. */
		if (step->offset + 24 > length)
			spread_target(
				spread, word, scan_step_target(object_types(spread), step), 0);
		else if (load_u64(at + 16))
			spread_target(spread, word, scan_step_target(object_types(spread), step),
				load_u64(at + 16));
		break;
	case SCAN_STRING:
		spread_target(spread, word, STRING_TYPE, 0);
		break;
	case SCAN_INTERFACE:
		if (step->offset + 16 <= length)
			spread_interface(spread, word, load_u64(at + 8));
		break;
	case SCAN_FUNC:
		spread_closure(spread, word);
		break;
	case SCAN_TRIE_NODE:
		scan_trie_node(spread, step, word);
		break;
	default:
		break;
	}
}

static void scan(
	struct spread *spread, struct scan_plan *plan, const uint8_t *bytes, uint64_t length)
{
	for (uint32_t i = 0; i < plan->count; i++) {
		if (plan->steps[i].offset + 8 <= length)
			scan_step(spread, &plan->steps[i], bytes, length);
	}
}

void spread_value(
	struct spread *spread, const struct go_type *type, const uint8_t *bytes, uint64_t length)
{
	scan(spread, scan_plan_of(object_types(spread), type), bytes, length);
}

/* The bytes of a slot; a copy with zeros where something is missing, when they are in parts. */
static const uint8_t *slot_bytes(struct spread *spread, const struct span *span, uint32_t slot)
{
	uint64_t offset = slot * span->elemsize;
	const uint8_t *bytes = heap_bytes(spread->heap, span, offset, span->elemsize);

	if (bytes || span->elemsize > MAX_COPY)
		return bytes;
	vec_reserve(&spread->copy, span->elemsize);
	target_read_present(spread->heap->runtime->target, span->start + offset, spread->copy.items,
		span->elemsize);
	return spread->copy.items;
}

static void scan_slot(struct spread *spread, const struct span *span, uint32_t slot)
{
	otype_t number = spread->typing->of[span->first + slot];
	struct scan_plan *plan = object_type_plan(object_types(spread), number);
	const struct object_type type = *object_type_at(object_types(spread), number);
	const uint8_t *bytes = slot_bytes(spread, span, slot);
	uint64_t begin = span_header_bytes(span);

	if (!bytes)
		return;
	switch (type.role) {
	case ROLE_MAP:
		scan_map(spread, &type, span->start + slot * span->elemsize, bytes);
		break;
	case ROLE_CHAN:
		scan_chan(spread, &type, bytes);
		break;
	case ROLE_VALUE:
	case ROLE_CLOSURE:
		if (plan)
			scan(spread, plan, bytes + begin, span->elemsize - begin);
		break;
	case ROLE_ARRAY:
	case ROLE_MAP_GROUPS:
	case ROLE_CHAN_BUFFER:
		for (uint64_t at = begin; plan && at + type.unit <= span->elemsize; at += type.unit)
			scan(spread, plan, bytes + at, type.unit);
		break;
	default:
		break;
	}
}

/* New objects of the same span are taken on the way. */
static void run_span(struct spread *spread, const struct span *span)
{
	uint64_t *waiting = spread->waiting + span->bits;
	bool again = true;

	while (again) {
		again = false;
		for (size_t word = 0; word < BITSET_WORDS(span->nelems); word++) {
			while (waiting[word]) {
				unsigned bit = (unsigned)__builtin_ctzll(waiting[word]);

				waiting[word] &= waiting[word] - 1;
				scan_slot(spread, span, (uint32_t)(word * 64) + bit);
				again = true;
			}
		}
	}
}

void spread_run(struct spread *spread)
{
	while (spread->length) {
		uint32_t number = spread->queue[spread->head];
		const struct span *span = &spread->heap->spans[number];

		spread->head = (spread->head + 1) % spread->heap->span_count;
		spread->length--;
		target_note_use(spread->heap->runtime->target, span->bytes,
			(size_t)span->npages << RUNTIME_PAGE_SHIFT);
		run_span(spread, span);
		spread->queued[number] = 0;
	}
}

void spread_again(struct spread *spread, const struct span *span, uint32_t slot)
{
	wait_for_scan(spread, span, slot);
}

uint64_t spread_typed_count(const struct spread *spread)
{
	return spread->typed;
}
