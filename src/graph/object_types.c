#include "object_types.h"

#include <string.h>

#include "gomap.h"
#include "mspan.h"
#include "pointer_map.h"

enum {
	MAX_DEPTH = 64,
	MAX_STEPS = 1 << 16,
	MASK_WORDS = 64,
	UNROLLED = 16, /* arrays of up to so many elements are written out */
};

void object_types_init(
	struct object_types *types, struct types *go_types, const struct debuginfo *debuginfo)
{
	*types = (struct object_types){.types = go_types, .debuginfo = debuginfo};
	vec_push(&types->list, {.role = ROLE_UNKNOWN, .name = memory_string("unknown")});
	vec_push(&types->list, {.role = ROLE_STRING, .name = memory_string("string data")});
}

static void plan_destroy(struct scan_plan *plan)
{
	if (!plan)
		return;
	free(plan->steps);
	free(plan);
}

void object_types_deinit(struct object_types *types)
{
	vec_foreach (type, &types->list)
		free(type->name);
	vec_foreach (plan, &types->plans)
		plan_destroy(*plan);
	vec_foreach (plan, &types->closure_plans)
		plan_destroy(*plan);
	vec_deinit(&types->list);
	vec_deinit(&types->plans);
	vec_deinit(&types->closure_plans);
	for (size_t i = 0; i < ARRAY_SIZE(types->by_key); i++)
		addrmap_deinit(&types->by_key[i]);
}

static uint64_t first_mask_word(struct types *types, const struct go_type *type)
{
	struct type_mask mask;

	if (!type->pointer_bytes || !type_mask_build(types, type, UINT32_MAX, &mask))
		return 0;
	uint64_t word = mask.bits[0];

	free(mask.bits);
	return word;
}

static char *role_name(enum object_role role, const struct go_type *type)
{
	switch (role) {
	case ROLE_ARRAY:
		return memory_format("[]%s", type->name);
	case ROLE_MAP_GROUPS:
	case ROLE_MAP_TABLE:
	case ROLE_MAP_DIRECTORY:
		return memory_format("%s (table)", type->name);
	case ROLE_CHAN_BUFFER:
		return memory_format("%s (buffer)", type->name);
	default:
		return memory_string(type->name);
	}
}

static struct object_type make(
	struct object_types *types, enum object_role role, const struct go_type *type)
{
	const struct layout *layout = &types->types->runtime->layout;
	struct object_type made = {.role = role, .type = type, .name = role_name(role, type)};
	const struct go_type *unit = type;

	switch (role) {
	case ROLE_MAP:
		made.slot_size = size_class_round(gomap_header_size(layout));
		made.pointers = true;
		return made;
	case ROLE_MAP_GROUPS:
		unit = types_at(types->types, type->map.group);
		break;
	case ROLE_CHAN_BUFFER:
		unit = types_at(types->types, type->elem);
		break;
	case ROLE_CHAN:
	case ROLE_MAP_TABLE:
	case ROLE_MAP_DIRECTORY:
		made.pointers = true;
		return made;
	default:
		break;
	}
	if (!unit)
		return made;
	made.unit = unit->size;
	made.slot_size = slot_size_round(layout, unit->size, unit->pointer_bytes);
	made.pointers = unit->pointer_bytes != 0;
	made.mask = first_mask_word(types->types, unit);
	/* runtime/iface.go, itabAdd: larger tables are made by hand. */
	made.grows = role == ROLE_VALUE && !strcmp(type->name, "runtime.itabTableType");
	return made;
}

static otype_t add(
	struct object_types *types, enum object_role role, addr_t key, struct object_type type)
{
	otype_t number = (otype_t)types->list.count;

	vec_push(&types->list, type);
	addrmap_set(&types->by_key[role], key, number);
	return number;
}

/* False when it must be made, and can be. */
static bool lookup(struct object_types *types, enum object_role role, addr_t key, otype_t *ret)
{
	uint32_t number = NO_TYPE;
	bool known = addrmap_get(&types->by_key[role], key, &number);

	types->full |= !known && types->list.count >= MAX_OBJECT_TYPES;
	*ret = (otype_t)number;
	return known || types->list.count >= MAX_OBJECT_TYPES;
}

otype_t object_type_of(
	struct object_types *types, enum object_role role, const struct go_type *type)
{
	otype_t number;

	if (role == ROLE_STRING)
		return STRING_TYPE;
	if (!type || (!type->size && role <= ROLE_ARRAY))
		return NO_TYPE;
	if (lookup(types, role, type->ref, &number))
		return number;
	return add(types, role, type->ref, make(types, role, type));
}

struct capture_list {
	struct object_types *types;
	VEC(struct go_field) fields;
	bool recorded; /* with offsets */
};

static void add_capture(void *context, const struct capture_field *field)
{
	struct capture_list *list = context;

	if (list->recorded && !field->offset)
		return;
	if (field->offset && !list->recorded) {
		list->recorded = true;
		list->fields.count = 0;
	}
	vec_push(&list->fields, {.name = field->name,
					.type = dwarf_types_ref(field->type),
					.offset = field->offset});
}

static void add_steps(struct object_types *types, const struct go_type *type, uint64_t offset,
	struct scan_plan *plan, unsigned depth);

/* What a closure holds, by DWARF: since 1.23. (Before, closure_layout.h finds it out.) */
static struct scan_plan *closure_plan(struct object_types *types, addr_t entry)
{
	struct capture_list list = {.types = types};
	struct scan_plan *plan = memory_alloc(sizeof(*plan));

	if (types->debuginfo)
		debuginfo_captures(types->debuginfo, entry, add_capture, &list);
	for (size_t i = 0; list.recorded && i < list.fields.count; i++) {
		const struct go_field *field = &list.fields.items[i];
		const struct go_type *type = types_at(types->types, field->type);

		if (type)
			add_steps(types, type, field->offset, plan, 0);
	}
	vec_deinit(&list.fields);
	vec_push(&types->closure_plans, plan);
	return plan;
}

otype_t object_type_of_closure(struct object_types *types, addr_t entry, const char *name)
{
	otype_t number;

	if (lookup(types, ROLE_CLOSURE, entry, &number))
		return number;
	return add(types, ROLE_CLOSURE, entry,
		(struct object_type){
			.role = ROLE_CLOSURE,
			.function = entry,
			.name = memory_format("func %s", name),
			.plan = closure_plan(types, entry),
			.pointers = true,
		});
}

static void add_step(struct scan_plan *plan, struct scan_step step)
{
	if (plan->count >= MAX_STEPS)
		return;
	if ((plan->count & (plan->count - 1)) == 0)
		plan->steps =
			memory_resize(plan->steps, plan->count ? plan->count * 2 : 1, sizeof(step));
	plan->steps[plan->count++] = step;
}

/* Is it a uintptr, or an array of them, as the keys of a bucket are? */
static bool is_words(struct object_types *types, const struct go_type *type)
{
	const struct go_type *elem =
		type->kind == KIND_ARRAY ? types_at(types->types, type->elem) : NULL;

	return type->kind == KIND_UINTPTR || (elem && elem->kind == KIND_UINTPTR);
}

static void add_array(struct object_types *types, const struct go_type *type, uint64_t offset,
	struct scan_plan *plan, unsigned depth)
{
	const struct go_type *elem = types_at(types->types, type->elem);

	if (!elem || !(elem->pointer_bytes || is_words(types, elem)) || !elem->size)
		return;
	if (type->length <= UNROLLED) {
		for (uint64_t i = 0; i < type->length; i++)
			add_steps(types, elem, offset + i * elem->size, plan, depth + 1);
		return;
	}
	add_step(plan, (struct scan_step){
			       .action = SCAN_REPEAT,
			       .offset = (uint32_t)offset,
			       .plan = scan_plan_of(types, elem),
			       .count = (uint32_t)MIN(type->length, (uint64_t)UINT32_MAX),
			       .stride = (uint32_t)elem->size,
		       });
}

/* atomic.Pointer[T] is struct{ _ [0]*T; _ noCopy; v unsafe.Pointer }: the array says what v leads
 * to. */
static const struct go_type *atomic_target(struct types *types, const struct go_type *type)
{
	if (type->field_count < 2 || strncmp(type->name, "atomic.Pointer[", 15) != 0)
		return NULL;
	const struct go_type *array = types_at(types, type->fields[0].type);
	const struct go_type *pointer =
		array && array->kind == KIND_ARRAY ? types_at(types, array->elem) : NULL;

	return pointer && pointer->kind == KIND_POINTER ? types_at(types, pointer->elem) : NULL;
}

static void add_target(struct scan_plan *plan, enum scan_action action, uint64_t offset,
	enum object_role role, const struct go_type *target)
{
	if (target)
		add_step(plan, (struct scan_step){.action = action,
				       .role = role,
				       .offset = (uint32_t)offset,
				       .type = target});
}

static void add_pointer(const struct go_type *target, uint64_t offset, struct scan_plan *plan)
{
	bool trie = target && !strncmp(target->name, "sync.node[", 10);

	add_target(plan, trie ? SCAN_TRIE_NODE : SCAN_POINTER, offset, ROLE_VALUE, target);
}

/* Fields that are unsafe.Pointer, but whose code says what they lead to. */
static bool add_known_field(struct object_types *types, const struct go_type *type,
	const struct go_field *field, uint64_t offset, struct scan_plan *plan)
{
	const struct go_type *atomic = atomic_target(types->types, type);

	if (atomic && !strcmp(field->name, "v")) {
		add_pointer(atomic, offset, plan);
		return true;
	}
	/* sync.Pool: local and victim are arrays of poolLocal (sync/pool.go). */
	if (!strcmp(type->name, "sync.Pool") &&
		(!strcmp(field->name, "local") || !strcmp(field->name, "victim"))) {
		const struct go_type *local = types_find(types->types, "sync.poolLocal");

		add_target(plan, SCAN_POINTER, offset, ROLE_ARRAY, local);
		return local != NULL;
	}
	/* sync.entry.p is *any (sync/map.go in 1.19). */
	if (!strcmp(type->name, "sync.entry") && !strcmp(field->name, "p")) {
		const struct go_type *any = types_find(types->types, "interface {}");

		add_pointer(any, offset, plan);
		return any != NULL;
	}
	/* sync.eface is how sync.Pool sees an interface (sync/poolqueue.go). */
	if (!strcmp(type->name, "sync.eface")) {
		if (!strcmp(field->name, "typ"))
			add_target(plan, SCAN_INTERFACE, offset, ROLE_UNKNOWN, type);
		return true;
	}
	return false;
}

static void add_struct(struct object_types *types, const struct go_type *type, uint64_t offset,
	struct scan_plan *plan, unsigned depth)
{
	for (uint32_t i = 0; i < type->field_count; i++) {
		const struct go_field *field = &type->fields[i];
		const struct go_type *field_type = types_at(types->types, field->type);

		if (!field_type || !(field_type->pointer_bytes || is_words(types, field_type)))
			continue;
		if (field_type->kind == KIND_UNSAFE_POINTER &&
			add_known_field(types, type, field, offset + field->offset, plan))
			continue;
		add_steps(types, field_type, offset + field->offset, plan, depth + 1);
	}
}

static void add_steps(struct object_types *types, const struct go_type *type, uint64_t offset,
	struct scan_plan *plan, unsigned depth)
{
	if (depth > MAX_DEPTH || offset > UINT32_MAX ||
		!(type->pointer_bytes || is_words(types, type)))
		return;
	switch (type->kind) {
	case KIND_ARRAY:
		add_array(types, type, offset, plan, depth);
		break;
	case KIND_STRUCT:
		add_struct(types, type, offset, plan, depth);
		break;
	case KIND_POINTER:
		add_pointer(types_at(types->types, type->elem), offset, plan);
		break;
	case KIND_SLICE:
		add_target(
			plan, SCAN_SLICE, offset, ROLE_ARRAY, types_at(types->types, type->elem));
		break;
	case KIND_STRING:
		add_target(plan, SCAN_STRING, offset, ROLE_STRING, type);
		break;
	case KIND_INTERFACE:
		add_target(plan, SCAN_INTERFACE, offset, ROLE_UNKNOWN, type);
		break;
	case KIND_MAP:
		add_target(plan, SCAN_MAP, offset, ROLE_MAP, type);
		break;
	case KIND_CHAN:
		add_target(plan, SCAN_CHAN, offset, ROLE_CHAN, type);
		break;
	case KIND_UINTPTR:
		add_target(plan, SCAN_WORD, offset, ROLE_UNKNOWN, type);
		break;
	case KIND_FUNC:
		add_target(plan, SCAN_FUNC, offset, ROLE_CLOSURE, type);
		break;
	default:
		break;
	}
}

struct scan_plan *scan_plan_of(struct object_types *types, const struct go_type *type)
{
	while (types->plans.count <= type->number)
		vec_push(&types->plans, NULL);
	if (types->plans.items[type->number])
		return types->plans.items[type->number];
	struct scan_plan *plan = memory_alloc(sizeof(*plan));

	types->plans.items[type->number] = plan;
	add_steps(types, type, 0, plan, 0);
	return plan;
}

/* The type of one unit of an object. */
static const struct go_type *unit_type(struct object_types *types, const struct object_type *type)
{
	switch (type->role) {
	case ROLE_VALUE:
	case ROLE_ARRAY:
		return type->type;
	case ROLE_MAP_GROUPS:
		return types_at(types->types, type->type->map.group);
	case ROLE_CHAN_BUFFER:
		return types_at(types->types, type->type->elem);
	default:
		return NULL;
	}
}

struct scan_plan *object_type_plan(struct object_types *types, otype_t number)
{
	struct object_type *type = &types->list.items[number];

	if (type->plan || !type->pointers)
		return type->plan;
	const struct go_type *unit = unit_type(types, type);
	struct scan_plan *plan = unit ? scan_plan_of(types, unit) : NULL;

	types->list.items[number].plan = plan; /* the list may have moved */
	return plan;
}

static bool is_value_of(const struct object_type *type, const char *prefix)
{
	return type->role == ROLE_VALUE && !strncmp(type->name, prefix, strlen(prefix));
}

bool object_type_is_trie_level(const struct object_type *type)
{
	return is_value_of(type, "sync.indirect[");
}

bool object_type_is_trie_entry(const struct object_type *type)
{
	return is_value_of(type, "sync.entry[");
}

bool object_type_is_inner(const struct object_type *type)
{
	switch (type->role) {
	case ROLE_MAP_GROUPS:
	case ROLE_MAP_TABLE:
	case ROLE_MAP_DIRECTORY:
		return true;
	default:
		return object_type_is_trie_level(type) || object_type_is_trie_entry(type);
	}
}
