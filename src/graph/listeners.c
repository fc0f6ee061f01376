#include "listeners.h"

#include <string.h>

#include "bytes.h"

enum {
	MAX_STEPS = 3,              /* structs between the variable and the slice */
	MAX_STRUCT_BYTES = 4 << 10, /* of a struct or variable that is looked through */
	MAX_STRUCTS = 1 << 16,
	MAX_TYPE_DEPTH = 3,
	LOOKED_AT = 16, /* elements of a slice whose type is not known */
};

static bool is_listener(struct types *types, const struct go_type *type, unsigned depth)
{
	if (!type || depth > MAX_TYPE_DEPTH)
		return false;
	switch (type->kind) {
	case KIND_FUNC:
	case KIND_CHAN:
		return true;
	case KIND_INTERFACE:
		return type->method_count && strcmp(type->name, "error") != 0;
	case KIND_POINTER: {
		const struct go_type *target = types_at(types, type->elem);

		return depth == 0 && target && target->kind == KIND_STRUCT &&
		       is_listener(types, target, depth + 1);
	}
	case KIND_STRUCT:
		for (uint32_t i = 0; i < type->field_count; i++) {
			const struct go_type *field = types_at(types, type->fields[i].type);

			if (field && (field->kind == KIND_FUNC || field->kind == KIND_CHAN))
				return true;
		}
		return false;
	default:
		return false;
	}
}

bool listener_is(struct types *types, const struct go_type *type)
{
	return is_listener(types, type, 0);
}

struct search {
	const struct analysis *analysis;
	struct types *types;
	listener_slice_fn *visit;
	void *context;
	struct addrmap seen; /* structs: object + 1 */
};

static void look_through(struct search *search, addr_t address, uint64_t size, unsigned step);

static bool are_functions(const struct search *search, addr_t elements, uint64_t length)
{
	struct reader reader = reader_over(search->analysis->program->target);

	for (uint64_t i = 0; i < MIN(length, (uint64_t)LOOKED_AT); i++) {
		if (!goruntime_function_of_value(search->analysis->program->runtime,
			    reader_u64(&reader, elements + 8 * i)))
			return false;
	}
	return !reader.failed;
}

/* Bytes of an element of an array of listeners; 0: it is none. */
static uint64_t unit_of(const struct search *search, object_t object,
	const struct object_type *type, addr_t elements, uint64_t length)
{
	if (type->role == ROLE_ARRAY)
		return listener_is(search->types, type->type) ? type->unit : 0;
	return type->role == ROLE_UNKNOWN && object < search->analysis->heap->scan_slots &&
			       are_functions(search, elements, length)
		       ? 8
		       : 0;
}

/* The slice whose pointer is the word at an address; false: it is none of listeners. */
static bool look_at_slice(
	struct search *search, addr_t address, object_t object, const uint8_t *words)
{
	const struct analysis *analysis = search->analysis;
	const struct object_type *type =
		object_type_at(&analysis->typing->object_types, analysis->typing->of[object]);
	uint64_t elements = load_u64(words), length = load_u64(words + 8);
	uint64_t capacity = load_u64(words + 16), size = heap_size(analysis->heap, object);

	if (!length || length > capacity || capacity > size / 8)
		return false;
	uint64_t unit = unit_of(search, object, type, elements, length);
	if (!unit || capacity > size / unit)
		return false;
	search->visit(search->context, &(struct listener_slice){
					       .address = address,
					       .elements = elements,
					       .length = length,
					       .unit = unit,
					       .array = node_of_object(analysis->objects, object),
				       });
	return true;
}

static void look_at_object(struct search *search, object_t object, unsigned step)
{
	const struct analysis *analysis = search->analysis;
	const struct span *span = heap_span_of(analysis->heap, object);
	enum object_role role =
		object_type_at(&analysis->typing->object_types, analysis->typing->of[object])->role;

	if (step == MAX_STEPS || object >= analysis->heap->scan_slots ||
		span->elemsize > MAX_STRUCT_BYTES || search->seen.count >= MAX_STRUCTS ||
		(role != ROLE_VALUE && role != ROLE_UNKNOWN) ||
		addrmap_get(&search->seen, (addr_t)object + 1, NULL))
		return;
	addrmap_set(&search->seen, (addr_t)object + 1, step);
	look_through(search, heap_address(analysis->heap, object), span->elemsize, step + 1);
}

static void look_through(struct search *search, addr_t address, uint64_t size, unsigned step)
{
	const struct heap *heap = search->analysis->heap;
	uint8_t bytes[MAX_STRUCT_BYTES + 16] = {0};

	size = MIN(size, (uint64_t)MAX_STRUCT_BYTES);
	target_read_present(search->analysis->program->target, address, bytes, (size_t)size);
	for (uint64_t at = 0; at + 8 <= size; at += 8) {
		object_t object = heap_object_at(heap, load_u64(bytes + at));

		if (object == NO_OBJECT || !analysis_alive(search->analysis, object))
			continue;
		if (!look_at_slice(search, address + at, object, bytes + at))
			look_at_object(search, object, step);
	}
}

/* A variable without a name is one word, of what may be a slice. */
static uint64_t variable_size(const struct go_variable *variable)
{
	return variable->name ? variable->size : MAX(variable->size, (uint64_t)24);
}

void listener_slices_each(const struct analysis *analysis, listener_slice_fn *visit, void *context)
{
	struct search search = {
		.analysis = analysis,
		.types = &analysis->typing->types,
		.visit = visit,
		.context = context,
	};

	vec_foreach (variable, &analysis->objects->variables)
		look_through(&search, variable->address, variable_size(variable), 0);
	addrmap_deinit(&search.seen);
}
