#include "shapes.h"

#include <string.h>

#include "gomap.h"

enum {
	MAX_DEPTH = 16,
	MAX_ELEMENTS = 64, /* of an array that are looked at */
	MAX_ENTRIES = 8,   /* of a map that are looked at */
	WRONG = SHAPE_WRONG,
	CLEARLY = 2, /* by how much the best type must win */
	ENOUGH = 2,  /* the least confirmation */
	STRONG = 4,
	MEDIUM = 2,
	WEAK = 1,
	DISTINCTIVE_POINTERS = 3,
};

/* Types with the same slot and pointers, chained. */
struct candidate {
	const struct go_type *type;
	uint32_t next; /* place + 1; 0: the last */
};

struct shapes {
	struct object_types *types;
	const struct heap *heap;
	const struct pointer_maps *maps;
	const otype_t *of;
	VEC(struct candidate) candidates;
	struct addrmap structs, closures; /* shape -> place + 1 of the first */
	struct addrmap chans;             /* element type -> place in chan_types */
	VEC(const struct go_type *) map_types, chan_types;
};

static int score_value(
	struct shapes *shapes, const struct go_type *type, const uint8_t *bytes, unsigned depth);

static uint64_t shape_key(uint64_t slot_size, uint64_t mask)
{
	uint64_t key = (slot_size * 0x9e3779b97f4a7c15ull) ^ (mask * 0xc2b2ae3d27d4eb4full);

	return key | 1;
}

static void add_candidate(
	struct shapes *shapes, struct addrmap *map, uint64_t key, const struct go_type *type)
{
	uint32_t first = 0;

	addrmap_get(map, key, &first);
	vec_push(&shapes->candidates, {.type = type, .next = first});
	addrmap_set(map, key, (uint32_t)shapes->candidates.count);
}

static bool is_closure_type(const struct go_type *type)
{
	return !strncmp(type->name, "struct { F uintptr; ", 20);
}

static bool add_type(const struct go_type *type, void *context)
{
	struct shapes *shapes = context;

	if (type->kind == KIND_STRUCT && type->pointer_bytes && type->size > 8) {
		otype_t number = object_type_of(shapes->types, ROLE_VALUE, type);
		const struct object_type *made = object_type_at(shapes->types, number);

		if (number == NO_TYPE)
			return true;
		add_candidate(shapes, is_closure_type(type) ? &shapes->closures : &shapes->structs,
			shape_key(made->slot_size, made->mask), type);
	}
	if (type->kind == KIND_MAP)
		vec_push(&shapes->map_types, type);
	if (type->kind == KIND_CHAN && !strncmp(type->name, "chan ", 5)) {
		addrmap_set(&shapes->chans, type->elem, (uint32_t)shapes->chan_types.count);
		vec_push(&shapes->chan_types, type);
	}
	return false;
}

struct shapes *shapes_create(struct object_types *types, const struct heap *heap,
	const struct pointer_maps *maps, const otype_t *of)
{
	struct shapes *shapes = memory_alloc(sizeof(*shapes));

	shapes->types = types;
	shapes->heap = heap;
	shapes->maps = maps;
	shapes->of = of;
	types_each(types->types, add_type, shapes);
	return shapes;
}

void shapes_destroy(struct shapes *shapes)
{
	if (!shapes)
		return;
	vec_deinit(&shapes->candidates);
	addrmap_deinit(&shapes->structs);
	addrmap_deinit(&shapes->closures);
	addrmap_deinit(&shapes->chans);
	vec_deinit(&shapes->map_types);
	vec_deinit(&shapes->chan_types);
	free(shapes);
}

static const struct go_type *type_at(struct shapes *shapes, type_ref ref)
{
	return types_at(shapes->types->types, ref);
}

/* Is the address in the data, bss, rodata or text of the program? */
static bool in_program(const struct shapes *shapes, addr_t address)
{
	vec_foreach (module, &shapes->types->types->runtime->modules.list) {
		if ((module->text <= address && address < module->end) ||
			(module->rodata && module->rodata <= address && address < module->etypes))
			return true;
	}
	return false;
}

/* Where an address leads in the heap. */
struct landing {
	const struct span *span;
	uint32_t slot;
	uint64_t offset; /* from the start of the value */
	uint64_t room;   /* bytes from there to the end of the slot */
	otype_t type;
};

static bool land(const struct shapes *shapes, addr_t address, struct landing *ret)
{
	const struct span *span = heap_span_at(shapes->heap, address);

	if (!span)
		return false;
	uint32_t slot = span_slot_at(span, address);
	if (slot >= span->nelems || !span_allocated(shapes->heap, span, slot))
		return false;
	uint64_t begin = span_header_bytes(span);
	uint64_t inside = address - span->start - slot * span->elemsize;
	if (inside < begin)
		return false;
	*ret = (struct landing){span, slot, inside - begin, span->elemsize - inside,
		shapes->of[span->first + slot]};
	return true;
}

/* A pointer to `units` values of a type. */
static int score_pointer(
	struct shapes *shapes, const struct go_type *elem, addr_t to, uint64_t units)
{
	struct landing landing;

	if (!to)
		return 0;
	if (!land(shapes, to, &landing))
		return in_program(shapes, to) ? 0 : WRONG;
	if (!elem || !elem->size)
		return 0;
	/* A value without pointers may be a part of one that has some; not the other way round. */
	if (landing.span->map == SPAN_MAP_NONE && elem->pointer_bytes)
		return WRONG;
	if (landing.span->map != SPAN_MAP_NONE && !elem->pointer_bytes)
		return 0;
	if (units > landing.room / elem->size)
		return WRONG;
	const struct object_type *known = object_type_at(shapes->types, landing.type);
	if (landing.type != NO_TYPE && landing.offset == 0 && known->type == elem)
		return STRONG;
	otype_t number = object_type_of(shapes->types, ROLE_VALUE, elem);
	const struct object_type *value = object_type_at(shapes->types, number);
	if (units != 1 || landing.offset || value->slot_size != landing.span->elemsize)
		return 0;
	if (!value->pointers)
		return WEAK;
	uint64_t mask =
		pointer_map_first_bits(shapes->maps, shapes->heap, landing.span, landing.slot);
	bool checked = landing.span->map == SPAN_MAP_BITS || landing.span->map == SPAN_MAP_ARENA;

	return !checked ? 0 : mask == value->mask ? MEDIUM : WRONG;
}

static int score_string(struct shapes *shapes, const uint8_t *bytes)
{
	addr_t to = load_u64(bytes);
	uint64_t length = load_u64(bytes + 8);
	struct landing landing;

	if (!to)
		return length ? WRONG : 0;
	if (!land(shapes, to, &landing))
		return in_program(shapes, to) && length < 1 << 24 ? WEAK : length ? WRONG : 0;
	return landing.span->map == SPAN_MAP_NONE && length <= landing.room ? WEAK : WRONG;
}

static int score_slice(struct shapes *shapes, const struct go_type *type, const uint8_t *bytes)
{
	addr_t to = load_u64(bytes);
	uint64_t length = load_u64(bytes + 8), capacity = load_u64(bytes + 16);

	if (length > capacity || (!to && capacity))
		return WRONG;
	if (!to || !capacity)
		return 0;
	int score = score_pointer(shapes, type_at(shapes, type->elem), to, capacity);
	return score == WRONG ? WRONG : score + WEAK;
}

/* With methods: an itab whose first word is the interface; without: a type. */
static int score_interface(struct shapes *shapes, const struct go_type *type, const uint8_t *bytes)
{
	addr_t word = load_u64(bytes), data = load_u64(bytes + 8);
	struct reader reader = reader_over(shapes->heap->runtime->target);

	if (!word)
		return data ? WRONG : 0;
	const struct go_type *dynamic = types_of_interface(shapes->types->types, word);
	if (!dynamic)
		return WRONG;
	bool is_type = types_in_section(shapes->types->types, word) &&
		       types_at(shapes->types->types, word) == dynamic;
	if (is_type != go_type_is_eface(type))
		return WRONG;
	if (!is_type && reader_u64(&reader, word) != type->ref)
		return WRONG;
	int score = dynamic->direct ? 0 : score_pointer(shapes, dynamic, data, 1);
	return score == WRONG ? WRONG : is_type ? MEDIUM : STRONG;
}

static int score_map(struct shapes *shapes, addr_t to)
{
	struct landing landing;

	if (!to)
		return 0;
	if (!land(shapes, to, &landing))
		return WRONG;
	uint64_t size = size_class_round(gomap_header_size(&shapes->heap->runtime->layout));
	return !landing.offset && landing.span->elemsize == size &&
			       landing.span->map != SPAN_MAP_NONE
		       ? WEAK
		       : WRONG;
}

/* The element type that a channel says it has. */
static const struct go_type *chan_elem(struct shapes *shapes, addr_t channel)
{
	const struct layout *layout = &shapes->heap->runtime->layout;
	struct reader reader = reader_over(shapes->heap->runtime->target);
	uint64_t count = read_field(&reader, channel, layout->hchan.qcount);
	uint64_t capacity = read_field(&reader, channel, layout->hchan.dataqsiz);
	addr_t ref = read_field(&reader, channel, layout->hchan.elemtype);

	if (reader.failed || count > capacity || !types_in_section(shapes->types->types, ref))
		return NULL;
	const struct go_type *elem = type_at(shapes, ref);
	return elem && elem->size == read_field(&reader, channel, layout->hchan.elemsize) &&
			       read_field(&reader, channel, layout->hchan.closed) <= 1
		       ? elem
		       : NULL;
}

static int score_func(struct shapes *shapes, addr_t to)
{
	struct reader reader = reader_over(shapes->heap->runtime->target);

	if (!to)
		return 0;
	addr_t entry = reader_u64(&reader, to);
	return !reader.failed && modules_of_text(&shapes->heap->runtime->modules, entry) ? MEDIUM
											 : WRONG;
}

static int score_elements(
	struct shapes *shapes, const struct go_type *array, const uint8_t *bytes, unsigned depth)
{
	const struct go_type *elem = type_at(shapes, array->elem);
	int total = 0;

	if (!elem || !elem->size)
		return 0;
	for (uint64_t i = 0; i < MIN(array->length, (uint64_t)MAX_ELEMENTS); i++) {
		int score = score_value(shapes, elem, bytes + i * elem->size, depth + 1);

		if (score == WRONG)
			return WRONG;
		total += score;
	}
	return total;
}

static int score_fields(
	struct shapes *shapes, const struct go_type *type, const uint8_t *bytes, unsigned depth)
{
	int total = 0;

	for (uint32_t i = 0; i < type->field_count; i++) {
		const struct go_field *field = &type->fields[i];
		const struct go_type *field_type = type_at(shapes, field->type);

		if (!field_type || field->offset + field_type->size > type->size)
			continue;
		int score = score_value(shapes, field_type, bytes + field->offset, depth + 1);
		if (score == WRONG)
			return WRONG;
		total += score;
	}
	return total;
}

/* `bytes` has as many as the type. */
static int score_value(
	struct shapes *shapes, const struct go_type *type, const uint8_t *bytes, unsigned depth)
{
	if (depth > MAX_DEPTH)
		return 0;
	switch (type->kind) {
	case KIND_BOOL:
		return bytes[0] <= 1 ? 0 : WRONG;
	case KIND_ARRAY:
		return score_elements(shapes, type, bytes, depth);
	case KIND_STRUCT:
		return score_fields(shapes, type, bytes, depth);
	case KIND_POINTER:
		return score_pointer(shapes, type_at(shapes, type->elem), load_u64(bytes), 1);
	case KIND_STRING:
		return score_string(shapes, bytes);
	case KIND_SLICE:
		return score_slice(shapes, type, bytes);
	case KIND_INTERFACE:
		return score_interface(shapes, type, bytes);
	case KIND_MAP:
		return score_map(shapes, load_u64(bytes));
	case KIND_CHAN:
		if (!load_u64(bytes))
			return 0;
		return chan_elem(shapes, load_u64(bytes)) == type_at(shapes, type->elem) ? STRONG
											 : WRONG;
	case KIND_FUNC:
		return score_func(shapes, load_u64(bytes));
	default:
		return 0;
	}
}

int shapes_score(struct shapes *shapes, const struct go_type *type, const uint8_t *bytes)
{
	return score_value(shapes, type, bytes, 0);
}

/* A pattern of pointers that no array of something smaller has, and that is not too simple: then
 * that a type has it says enough, even if the object is empty. */
static bool is_distinctive(uint64_t mask, uint64_t words)
{
	words = MIN(words, (uint64_t)64);
	if (__builtin_popcountll(mask) < DISTINCTIVE_POINTERS)
		return false;
	for (unsigned period = 1; period <= words / 2; period++) {
		uint64_t compared = bits_below((unsigned)words - period);

		if ((mask & compared) == (mask >> period & compared))
			return false;
	}
	return true;
}

/* The candidate that wins clearly. Types with one name (a package, and its copy in another module)
 * are the same to the reader. */
static const struct go_type *best(struct shapes *shapes, const struct addrmap *map, uint64_t key,
	uint64_t mask, const struct shape_query *query)
{
	const struct go_type *winner = NULL;
	int first = WRONG, second = WRONG;
	uint32_t place = 0;

	addrmap_get(map, key, &place);
	for (; place; place = shapes->candidates.items[place - 1].next) {
		const struct go_type *type = shapes->candidates.items[place - 1].type;
		int score = type->size <= query->length ? score_value(shapes, type, query->bytes, 0)
							: WRONG;

		if (score > first) {
			second = winner && !strcmp(winner->name, type->name) ? second : first;
			first = score;
			winner = type;
		} else if (score > second && strcmp(winner->name, type->name) != 0) {
			second = score;
		}
	}
	if (first >= ENOUGH && first >= second + CLEARLY)
		return winner;
	return first >= 0 && second == WRONG && is_distinctive(mask, query->length / 8) ? winner
											: NULL;
}

static const struct go_type *best_of(
	struct shapes *shapes, const struct addrmap *map, const struct shape_query *query)
{
	uint64_t mask =
		pointer_map_first_bits(shapes->maps, shapes->heap, query->span, query->slot);

	return best(shapes, map, shape_key(query->span->elemsize, mask), mask, query);
}

const struct go_type *shapes_struct(struct shapes *shapes, const struct shape_query *query)
{
	return best_of(shapes, &shapes->structs, query);
}

/* The first word is the function, which every closure has: it confirms nothing. */
const struct go_type *shapes_closure(struct shapes *shapes, const struct shape_query *query)
{
	return best_of(shapes, &shapes->closures, query);
}

const struct go_type *shapes_chan(struct shapes *shapes, const struct shape_query *query)
{
	addr_t at = query->span->start + query->slot * query->span->elemsize;
	const struct go_type *elem = NULL;
	uint32_t place;

	if (query->span->elemsize >= shapes->heap->runtime->layout.hchan.size)
		elem = chan_elem(shapes, at);
	return elem && addrmap_get(&shapes->chans, elem->ref, &place)
		       ? shapes->chan_types.items[place]
		       : NULL;
}

/* Scores a map by its first entries. */
struct entry_score {
	struct shapes *shapes;
	const struct go_type *key, *elem;
	int total;
	unsigned seen;
};

static bool score_memory(struct entry_score *score, const struct go_type *type, addr_t at)
{
	uint8_t bytes[256] = {0};
	struct reader reader = reader_over(score->shapes->heap->runtime->target);

	if (type->size > sizeof(bytes))
		return true;
	reader_bytes(&reader, at, bytes, type->size);
	int value = reader.failed ? WRONG : score_value(score->shapes, type, bytes, 0);
	score->total = value == WRONG ? WRONG : score->total + value;
	return value != WRONG;
}

static bool visit_entry(void *context, const struct map_entry *entry)
{
	struct entry_score *score = context;

	return !score_memory(score, score->key, entry->key) ||
	       !score_memory(score, score->elem, entry->elem) || ++score->seen == MAX_ENTRIES;
}

struct groups_check {
	struct shapes *shapes;
	const struct go_type *type;
	bool agrees;
};

/* The arrays of groups must lie in slots that are right for them. Overflow buckets may lie behind
 * the others, in the same array (runtime/map.go, makeBucketArray). */
static void check_groups(void *context, const struct map_piece *piece)
{
	struct groups_check *check = context;
	const struct go_type *group = type_at(check->shapes, check->type->map.group);
	struct landing landing;

	if (piece->part != MAP_PART_GROUPS || !check->agrees)
		return;
	check->agrees = group && group->size && land(check->shapes, piece->address, &landing) &&
			landing.offset % group->size == 0 &&
			(landing.span->map == SPAN_MAP_NONE) == (group->pointer_bytes == 0) &&
			piece->count <= landing.room / group->size &&
			(piece->count != 1 || landing.offset ||
				size_class_round(group->size) == landing.span->elemsize ||
				landing.span->map == SPAN_MAP_HEADER);
}

static int score_map_type(struct shapes *shapes, const struct go_type *type, addr_t address)
{
	struct types *types = shapes->types->types;
	struct go_map map;
	struct groups_check check = {shapes, type, true};
	struct entry_score score = {.shapes = shapes,
		.key = type_at(shapes, type->key),
		.elem = type_at(shapes, type->elem)};

	if (!score.key || !score.elem || !gomap_open(types, type, address, &map) || !map.entries ||
		!gomap_pieces(types, &map, check_groups, &check) || !check.agrees)
		return WRONG;
	uint64_t entries = gomap_entries(types, &map, visit_entry, &score);
	if (score.total == WRONG || (score.seen < MAX_ENTRIES && entries != map.entries))
		return WRONG;
	return score.total + WEAK;
}

/* Of maps that look the same (of strings, and of a type that is a string) the one with the shorter
 * name. */
static bool is_plainer(const struct go_type *type, const struct go_type *than)
{
	size_t length = strlen(type->name), other = strlen(than->name);

	return length != other ? length < other : strcmp(type->name, than->name) < 0;
}

const struct go_type *shapes_map(struct shapes *shapes, const struct shape_query *query)
{
	const struct layout *layout = &shapes->heap->runtime->layout;
	addr_t address = query->span->start + query->slot * query->span->elemsize;
	const struct go_type *winner = NULL;
	int first = WRONG;

	if (query->span->elemsize != size_class_round(gomap_header_size(layout)))
		return NULL;
	vec_foreach (type, &shapes->map_types) {
		int score = score_map_type(shapes, *type, address);

		if (score > first || (score == first && winner && is_plainer(*type, winner))) {
			first = score;
			winner = *type;
		}
	}
	return first >= ENOUGH ? winner : NULL;
}
