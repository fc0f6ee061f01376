#include "type_seeds.h"

#include <string.h>

#include "special.h"
#include "stack_scan.h"
#include "sudog.h"
#include "type_names.h"
#include "variable_words.h"

enum {
	MAX_VARIABLE = 64 << 20, /* bytes of one that is read */
	MAX_ROUNDS = 6,
	SLICE_SIZE = 24,
};

static const struct goruntime *runtime_of(struct spread *spread)
{
	return spread_typing(spread)->program->runtime;
}

static const struct go_type *type_at(struct spread *spread, type_ref ref)
{
	return types_at(&spread_typing(spread)->types, ref);
}

static otype_t object_type(struct spread *spread, enum object_role role, const struct go_type *type)
{
	return object_type_of(&spread_typing(spread)->object_types, role, type);
}

/* Groups and buckets have types that the compiler made: reflectdata/map_swiss.go, map_noswiss.go.
 */
static bool is_map_part(const struct go_type *type)
{
	return !strncmp(type->name, "map.group[", 10) || !strncmp(type->name, "map.bucket[", 11);
}

/* The header of an array is the type of its elements: which of the two it is, the size tells. */
static void seed_header(
	struct spread *spread, const struct span *span, uint32_t slot, bool map_parts)
{
	uint64_t offset;
	addr_t header = span_header_type(spread_typing(spread)->heap, span, slot, &offset);
	const struct go_type *type = header ? type_at(spread, header) : NULL;
	addr_t at = span->start + slot * span->elemsize + offset;

	if (!type || is_map_part(type) != map_parts)
		return;
	if (!spread_target(spread, at, object_type(spread, ROLE_VALUE, type), 1))
		spread_target(spread, at, object_type(spread, ROLE_ARRAY, type), 1);
}

static void seed_all_headers(struct spread *spread, bool map_parts)
{
	const struct heap *heap = spread_typing(spread)->heap;

	for (uint32_t i = 0; i < heap->scan_spans; i++) {
		const struct span *span = &heap->spans[i];

		if (span->map != SPAN_MAP_HEADER && span->map != SPAN_MAP_LARGE_TYPE)
			continue;
		target_note_use(heap->runtime->target, span->bytes,
			(size_t)span->npages << RUNTIME_PAGE_SHIFT);
		for (uint32_t slot = 0; slot < span->nelems; slot++) {
			if (span_allocated(heap, span, slot))
				seed_header(spread, span, slot, map_parts);
		}
	}
}

void seed_headers(struct spread *spread)
{
	seed_all_headers(spread, false);
}

void seed_map_headers(struct spread *spread)
{
	seed_all_headers(spread, true);
	spread_run(spread);
}

static void seed_memory(
	struct spread *spread, addr_t start, uint64_t size, const struct go_type *type)
{
	if (!type || !type->pointer_bytes || size < type->size || type->size > MAX_VARIABLE)
		return;
	_cleanup_free_ uint8_t *bytes = memory_alloc(type->size + 8);

	target_read_present(runtime_of(spread)->target, start, bytes, type->size);
	spread_value(spread, type, bytes, type->size);
}

/* allgs is known in every program, and all goroutines hang on it. */
static void seed_allgs(struct spread *spread)
{
	struct reader reader = reader_over(runtime_of(spread)->target);
	addr_t array = reader_u64(&reader, runtime_of(spread)->allgs);
	uint64_t count = reader_u64(&reader, runtime_of(spread)->allgs + 8);
	const struct go_type *g = types_find(&spread_typing(spread)->types, "runtime.g");
	otype_t number = object_type(spread, ROLE_VALUE, g);

	for (uint64_t i = 0; i < count && !reader.failed; i++)
		spread_target(spread, reader_u64(&reader, array + 8 * i), number, 1);
}

/* A word that is no pointer, in front of one that is: an interface, when the first is a type or
 * itab. */
struct interface_scan {
	struct spread *spread;
	const uint8_t *bytes;
	uint64_t last; /* offset of the last pointer */
};

static void look_for_interface(void *context, uint64_t offset, addr_t value)
{
	struct interface_scan *scan = context;
	uint64_t before = offset - 8;
	bool free_word = offset >= 8 && scan->last != before;

	scan->last = offset;
	if (value && free_word)
		spread_interface(scan->spread, load_u64(scan->bytes + before), value);
}

static void seed_words(void *context, const struct variable_words *words)
{
	struct interface_scan scan = {context, words->bytes, UINT64_MAX};

	for (uint32_t i = 0; i < words->masked; i++) {
		if (variable_words_pointer(words, i))
			look_for_interface(&scan, 8ull * i, load_u64(words->bytes + 8ull * i));
	}
}

void seed_variables(struct spread *spread)
{
	const struct debuginfo *debuginfo = spread_typing(spread)->program->debuginfo;

	vec_foreach (variable, &debuginfo->variables)
		seed_memory(spread, variable->address, variable->size,
			type_at(spread, dwarf_types_ref(variable->type)));
	if (debuginfo->variables.count)
		return;
	seed_allgs(spread);
	variable_words_each(runtime_of(spread), seed_words, spread);
}

static void seed_special(void *context, const struct special *special)
{
	struct spread *spread = context;
	const struct layout *layout = &runtime_of(spread)->layout;
	struct reader reader = reader_over(runtime_of(spread)->target);

	if (special->kind == layout->features.special_kinds.cleanup &&
		!layout->features.cleanup_is_call)
		spread_closure(
			spread, read_field(&reader, special->address, layout->special_cleanup.fn));
	if (special->kind != layout->features.special_kinds.finalizer)
		return;
	spread_closure(spread, read_field(&reader, special->address, layout->special_finalizer.fn));
	const struct go_type *pointer = type_at(
		spread, read_field(&reader, special->address, layout->special_finalizer.ot));
	const struct go_type *type =
		pointer && pointer->kind == KIND_POINTER ? type_at(spread, pointer->elem) : NULL;
	spread_target(spread, special_object(special), object_type(spread, ROLE_VALUE, type), 1);
}

void seed_specials(struct spread *spread)
{
	specials_each(spread_typing(spread)->heap, seed_special, spread);
}

/* A local at a pc, or a part of it, as DWARF describes it. */
struct known_local {
	int64_t offset;
	uint64_t from, bytes;
	const struct go_type *type;
};

struct known_frame {
	VEC(struct known_local) locals;
};

struct stack_seeder {
	struct spread *spread;
	const struct frames *frames;
	struct addrmap by_pc; /* pc -> place in known */
	VEC(struct known_frame *) known;
	struct type_names *names; /* without DWARF */
};

static void add_local(void *context, const struct local *local)
{
	struct stack_seeder *seeder = context;
	const struct go_type *type = type_at(seeder->spread, dwarf_types_ref(local->type));
	struct known_frame *frame = *vec_last(&seeder->known);

	if (type && type->pointer_bytes && local->from < type->size)
		vec_push(
			&frame->locals, {local->offset, local->from,
						MIN(local->bytes, type->size - local->from), type});
}

static const struct known_frame *locals_at(struct stack_seeder *seeder, const struct frame *frame)
{
	uint32_t place;

	if (addrmap_get(&seeder->by_pc, frame->pc, &place))
		return seeder->known.items[place];
	addrmap_set(&seeder->by_pc, frame->pc, (uint32_t)seeder->known.count);
	vec_push(&seeder->known, memory_alloc(sizeof(struct known_frame)));
	debuginfo_locals(spread_typing(seeder->spread)->program->debuginfo, frame->function.entry,
		frame_line_pc(frame), add_local, seeder);
	return *vec_last(&seeder->known);
}

/* What is not in the frame is zeros, or left out where it is the end. */
static void seed_part(struct spread *spread, addr_t at, const struct known_local *local)
{
	const struct go_type *type = local->type;

	if (type->size > MAX_VARIABLE)
		return;
	_cleanup_free_ uint8_t *bytes = memory_alloc(type->size + 8);

	target_read_present(
		runtime_of(spread)->target, at, bytes + local->from, (size_t)local->bytes);
	spread_value(spread, type, bytes, local->from + local->bytes);
}

/* The word of a live variable brings all of it in. */
static bool seed_local(struct stack_seeder *seeder, const struct frame *frame, addr_t at)
{
	const struct known_frame *known = locals_at(seeder, frame);
	int64_t offset = (int64_t)(at - frame->fp);

	vec_foreach (local, &known->locals) {
		if (offset < local->offset || offset - local->offset >= (int64_t)local->bytes)
			continue;
		seed_part(seeder->spread, frame->fp + (addr_t)local->offset, local);
		return true;
	}
	return false;
}

/* Without DWARF: the first argument of "pkg.(*T).Method" is a *T. */
static void seed_receiver(struct stack_seeder *seeder, const struct frame *frame, addr_t value)
{
	const struct go_type *type = type_names_receiver(seeder->names, frame->function.name);

	if (type)
		spread_target(
			seeder->spread, value, object_type(seeder->spread, ROLE_VALUE, type), 1);
}

static void seed_word(void *context, const struct stack_word *word)
{
	struct stack_seeder *seeder = context;
	struct reader reader = reader_over(runtime_of(seeder->spread)->target);

	if (word->frame == NO_FRAME || !word->at || word->conservative)
		return;
	const struct frame *frame = &seeder->frames->list.items[word->frame];
	if (seed_local(seeder, frame, word->at))
		return;
	addr_t before = reader_u64(&reader, word->at - 8);
	if (spread_is_interface_word(seeder->spread, before))
		spread_interface(seeder->spread, before, word->value);
	else if (seeder->names && word->at == frame->argp)
		seed_receiver(seeder, frame, word->value);
}

/* What is being sent may be in no variable: the channel knows its type. */
static void seed_waiting(void *context, const struct sudog *sudog)
{
	struct spread *spread = context;
	const struct go_type *type = type_at(spread, sudog->elem_type);

	if (sudog->elem && type)
		seed_memory(spread, sudog->elem, type->size, type);
}

static void seeder_deinit(struct stack_seeder *seeder)
{
	vec_foreach (frame, &seeder->known) {
		vec_deinit(&(*frame)->locals);
		free(*frame);
	}
	vec_deinit(&seeder->known);
	addrmap_deinit(&seeder->by_pc);
	type_names_destroy(seeder->names);
}

void seed_stacks(struct spread *spread)
{
	const struct goruntime *runtime = runtime_of(spread);
	struct stack_seeder seeder = {.spread = spread};
	struct goroutines goroutines;
	struct error *error = goroutines_load(runtime, &goroutines);

	if (error) { /* who builds the graph reports it */
		error_destroy(error);
		return;
	}
	if (!spread_typing(spread)->program->debuginfo->variables.count)
		seeder.names = type_names_create(&spread_typing(spread)->types);
	vec_foreach (goroutine, &goroutines.list) {
		struct frames frames;

		unwind(runtime, goroutine, &frames);
		seeder.frames = &frames;
		stack_scan(runtime, goroutine, &frames, seed_word, &seeder);
		sudogs_each(runtime, goroutine, seed_waiting, spread);
		frames_deinit(&frames);
	}
	seeder_deinit(&seeder);
	goroutines_deinit(&goroutines);
}

static bool is_opaque(struct spread *spread, object_t object)
{
	struct typing *typing = spread_typing(spread);
	const struct object_type *type = object_type_at(&typing->object_types, typing->of[object]);

	return type->role == ROLE_UNKNOWN ||
	       (type->role == ROLE_CLOSURE && (!type->plan || !type->plan->count));
}

static void look_into_span(struct spread *spread, const struct span *span)
{
	struct typing *typing = spread_typing(spread);

	for (uint32_t slot = 0; span->bytes && slot < span->nelems; slot++) {
		if (!span_allocated(typing->heap, span, slot) ||
			!is_opaque(spread, span->first + slot))
			continue;
		struct interface_scan scan = {
			spread, span->bytes + slot * span->elemsize, UINT64_MAX};

		target_note_use(typing->heap->runtime->target, scan.bytes, span->elemsize);
		pointer_map_each(typing->maps, typing->heap, span, slot, look_for_interface, &scan);
	}
}

/* What is found may lead to other objects that nobody knows: again, until nothing new comes. */
void seed_interfaces(struct spread *spread)
{
	const struct heap *heap = spread_typing(spread)->heap;

	for (unsigned round = 0; round < MAX_ROUNDS; round++) {
		uint64_t before = spread_typed_count(spread);

		for (uint32_t i = 0; i < heap->scan_spans; i++)
			look_into_span(spread, &heap->spans[i]);
		spread_run(spread);
		if (spread_typed_count(spread) == before)
			return;
	}
}
