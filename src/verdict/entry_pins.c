#include "entry_pins.h"

#include <string.h>
#include <xxhash.h>

#include "value_fields.h"

enum {
	MOST_TENTHS = 9,    /* of what an entry keeps alive */
	MAX_DEPTH = 4,      /* fields on the way */
	LARGE_ENTRY = 512,  /* bytes: what keeps less alive is not worth a look */
	ARRAY_ELEMENTS = 8, /* an array has at least so many */
	MAX_TREE = 2000,    /* objects in which strings of the entry are looked for */
	MAX_STRINGS = 32,   /* of an entry */
};

/* Names as fmt prints them, without the path of the package. */
static bool belongs_to_request(const struct go_type *type)
{
	static const char *const names[] = {"http.Request", "http.Response", "http.response",
		"multipart.Form", "multipart.Reader", "gin.Context", "echo.context",
		"fasthttp.RequestCtx", "fiber.Ctx", "fiber.DefaultCtx", "chi.Context",
		"restful.Request", "context.valueCtx", "context.cancelCtx", "context.timerCtx"};

	for (size_t i = 0; type && i < ARRAY_SIZE(names); i++) {
		if (!strcmp(type->name, names[i]))
			return true;
	}
	return false;
}

/* The field that keeps most alive, and the strings of a value. */
struct value_look {
	struct value_field most;
	uint64_t sum;
	addr_t strings[MAX_STRINGS];
	unsigned string_count;
};

static void look_at_field(void *context, const struct value_field *field)
{
	struct value_look *look = context;

	look->sum += field->bytes;
	if (field->bytes > look->most.bytes)
		look->most = *field;
	if (field->kind == KIND_STRING && look->string_count < MAX_STRINGS)
		look->strings[look->string_count++] = field->to;
}

/* The strings of an entry among the words of a tree of objects. */
struct string_search {
	const struct value_look *look;
	uint32_t found; /* bits by string */
};

static void match_word(void *context, uint64_t offset, addr_t value)
{
	struct string_search *search = context;

	(void)offset;
	for (unsigned i = 0; i < search->look->string_count; i++) {
		if (search->look->strings[i] == value)
			search->found |= (uint32_t)1 << i;
	}
}

static void search_object(
	const struct analysis *analysis, node_t node, struct string_search *search)
{
	object_t object = object_of_node(analysis->objects, node);
	const struct span *span = heap_span_of(analysis->heap, object);

	pointer_map_each(
		analysis->maps, analysis->heap, span, object - span->first, match_word, search);
}

/* Looks through the objects that the root alone keeps alive, nearest first. */
static void search_tree(struct pin_search *pins, node_t root, struct string_search *search)
{
	const struct graph *graph = analysis_graph(pins->analysis);
	const node_t *idom = pins->analysis->retention->idom;
	VEC(node_t) tree = {0};

	vec_push(&tree, root);
	for (size_t i = 0; i < tree.count && pins->objects_left; i++) {
		node_t node = tree.items[i];

		if (node >= graph->inner)
			continue;
		pins->objects_left--;
		search_object(pins->analysis, node, search);
		for (struct references row = graph_references(graph, node); row.at < row.end;
			row.at++) {
			if (idom[*row.at] == node && tree.count < MAX_TREE)
				vec_push(&tree, *row.at);
		}
	}
	vec_deinit(&tree);
}

/* Were most of the strings beside the field taken from what it leads to? */
static bool is_source(struct pin_search *pins, const struct value_look *look)
{
	struct string_search search = {.look = look};

	if (!look->string_count || look->most.kind == KIND_STRING ||
		look->most.node >= analysis_graph(pins->analysis)->inner)
		return false;
	search_tree(pins, look->most.node, &search);
	return 2 * (unsigned)__builtin_popcount(search.found) > look->string_count;
}

static enum pin_kind kind_of(
	struct pin_search *search, const struct pin *pin, const struct value_look *look)
{
	const struct pin *known = search->known;

	if (belongs_to_request(pin->type))
		return PIN_REQUEST;
	if (known)
		return known->way == pin->way && known->type == pin->type ? known->kind : PIN_NONE;
	return is_source(search, look) ? PIN_SOURCE : PIN_NONE;
}

static struct pin follow(
	struct pin_search *search, const struct go_type *type, addr_t address, node_t owner)
{
	struct pin pin = {0};

	for (unsigned depth = 0; depth < MAX_DEPTH && type->kind == KIND_STRUCT; depth++) {
		struct value_look look = {0};

		value_fields_each(search->analysis, type, address, owner, look_at_field, &look);
		uint64_t all = look.sum + type->size;
		if (look.most.bytes < LARGE_ENTRY || look.most.bytes * 10 < all * MOST_TENTHS)
			break;
		const uint64_t step[] = {pin.way, look.most.offset, type->number};
		pin.way = XXH3_64bits(step, sizeof(step));
		pin.node = look.most.node;
		pin.bytes = look.most.bytes;
		pin.type = look.most.type;
		pin.entry_bytes = MAX(pin.entry_bytes, all);
		pin.kind = kind_of(search, &pin, &look);
		if (pin.kind != PIN_NONE || !look.most.type)
			break;
		type = look.most.type;
		address = look.most.to;
		owner = look.most.node;
	}
	return pin;
}

/* Are the pointers of an object where those of an array of a type are? */
struct array_shape {
	uint64_t size; /* of an element */
	uint64_t mask; /* pointers of an element, its first 64 words */
	unsigned pointers;
	bool fits;
};

static void match_shape(void *context, uint64_t offset, addr_t value)
{
	struct array_shape *shape = context;
	uint64_t word = offset % shape->size / sizeof(addr_t);

	shape->pointers += value != 0;
	shape->fits &= word < 64 && (shape->mask >> word & 1);
}

/* Up to Go 1.21 nothing says what an array is that only pointers to its elements lead to. */
static bool looks_like_array(const struct analysis *analysis, const struct go_type *type,
	addr_t address, object_t object)
{
	struct object_types *types = &analysis->typing->object_types;
	const struct span *span = heap_span_of(analysis->heap, object);
	struct array_shape shape = {
		.size = type->size,
		.mask = object_type_at(types, object_type_of(types, ROLE_ARRAY, type))->mask,
		.fits = type->size % sizeof(addr_t) == 0 &&
			(address - heap_address(analysis->heap, object)) % type->size == 0,
	};

	if (shape.fits)
		pointer_map_each(analysis->maps, analysis->heap, span, object - span->first,
			match_shape, &shape);
	return shape.fits && shape.pointers >= ARRAY_ELEMENTS;
}

/* Is it one element of an array of its type? */
static bool is_element(
	const struct analysis *analysis, const struct go_type *type, addr_t address, node_t owner)
{
	object_t object = object_of_node(analysis->objects, owner);
	otype_t number = analysis_type(analysis, owner);
	const struct object_type *known = object_type_at(&analysis->typing->object_types, number);

	if (!type->size || heap_size(analysis->heap, object) < ARRAY_ELEMENTS * type->size)
		return false;
	return number == NO_TYPE ? looks_like_array(analysis, type, address, object)
				 : known->role == ROLE_ARRAY && known->type == type;
}

static struct pin element(
	const struct analysis *analysis, const struct go_type *type, addr_t address, node_t owner)
{
	struct value_look look = {0};

	value_fields_each(analysis, type, address, owner, look_at_field, &look);
	return (struct pin){
		.kind = PIN_ARRAY,
		.way = 1,
		.node = owner,
		.bytes = retention_retained(analysis->retention, owner),
		.entry_bytes = type->size,
		.kept_bytes = look.sum,
		.type = type,
	};
}

static struct pin pin_of_object(
	struct pin_search *search, const struct go_type *type, addr_t address)
{
	const struct analysis *analysis = search->analysis;
	object_t object = heap_object_at(analysis->heap, address);

	if (!type || object == NO_OBJECT || !analysis_alive(analysis, object))
		return (struct pin){0};
	node_t owner = node_of_object(analysis->objects, object);
	return is_element(analysis, type, address, owner) ? element(analysis, type, address, owner)
							  : follow(search, type, address, owner);
}

struct pin entry_pin(struct pin_search *search, const struct go_type *elem, addr_t address)
{
	const struct analysis *analysis = search->analysis;
	struct types *types = &analysis->typing->types;
	struct reader reader = reader_over(analysis->program->target);
	object_t object = heap_object_at(analysis->heap, address);
	const struct go_type *type;

	switch (elem->kind) {
	case KIND_POINTER:
		return pin_of_object(
			search, types_at(types, elem->elem), reader_u64(&reader, address));
	case KIND_INTERFACE:
		type = types_of_interface(types, reader_u64(&reader, address));
		if (type && type->kind == KIND_POINTER)
			type = types_at(types, type->elem);
		return pin_of_object(search, type, reader_u64(&reader, address + 8));
	case KIND_STRUCT:
		return object == NO_OBJECT || !analysis_alive(analysis, object)
			       ? (struct pin){0}
			       : follow(search, elem, address,
					 node_of_object(analysis->objects, object));
	default:
		return (struct pin){0};
	}
}
