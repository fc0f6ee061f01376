#include "value_places.h"

#include <string.h>

#include "type_path.h"

enum {
	MAX_PLACES = 1 << 22,
	MAP_LEVELS = 4, /* groups, table, directory, header */
};

static bool is_value(enum scan_action action)
{
	return action == SCAN_STRING || action == SCAN_SLICE || action == SCAN_INTERFACE ||
	       action == SCAN_WORD;
}

/* Where the values that are being listed belong. */
struct lister {
	struct value_places *places;
	const struct object_types *types;
	otype_t owner;
	uint32_t variable;
};

static void add_place(struct lister *lister, const struct scan_step *step, uint32_t offset,
	uint32_t count, uint32_t stride)
{
	if (!is_value(step->action) || lister->places->list.count >= MAX_PLACES)
		return;
	vec_push(&lister->places->list, {.action = step->action,
						.owner = lister->owner,
						.variable = lister->variable,
						.offset = offset,
						.count = count,
						.stride = stride,
						.type = step->type});
}

/* The slots of a map's group are alike. Since 1.24 a key lies beside its value, but for programs
 * with split groups; before, values come behind all keys. */
static bool is_in_first_slot(
	const struct go_map_shape *shape, uint32_t offset, uint32_t *ret_stride)
{
	bool beside = shape->elem_at < shape->key_at + shape->key_stride;
	uint64_t begin = beside || offset < shape->elem_at ? shape->key_at : shape->elem_at;
	uint64_t stride = begin == shape->key_at ? shape->key_stride : shape->elem_stride;

	*ret_stride = (uint32_t)stride;
	return offset >= begin && offset - begin < stride;
}

static void list_group(
	struct lister *lister, const struct scan_plan *plan, const struct go_map_shape *shape)
{
	for (uint32_t i = 0; i < plan->count; i++) {
		uint32_t stride;

		if (is_in_first_slot(shape, plan->steps[i].offset, &stride))
			add_place(lister, &plan->steps[i], plan->steps[i].offset, GROUP_SLOTS,
				stride);
	}
}

static struct place_range list_plan(struct lister *lister, const struct scan_plan *plan)
{
	uint32_t first = (uint32_t)lister->places->list.count;

	const struct object_type *owner = object_type_at(lister->types, lister->owner);

	if (plan && owner->role == ROLE_MAP_GROUPS) {
		list_group(lister, plan, &owner->type->map);
		plan = NULL;
	}
	for (uint32_t i = 0; plan && i < plan->count; i++) {
		const struct scan_step *step = &plan->steps[i];

		if (step->action != SCAN_REPEAT)
			add_place(lister, step, step->offset, 1, 0);
		for (uint32_t k = 0; step->action == SCAN_REPEAT && k < step->plan->count; k++)
			add_place(lister, &step->plan->steps[k],
				step->offset + step->plan->steps[k].offset, step->count,
				step->stride);
	}
	return (struct place_range){first, (uint32_t)lister->places->list.count};
}

void value_places_find(const struct analysis *analysis, struct value_places *ret)
{
	struct object_types *types = &analysis->typing->object_types;
	const struct object_graph *objects = analysis->objects;
	struct lister lister = {.places = ret, .types = types};

	*ret = (struct value_places){0};
	for (uint32_t i = 0; i < types->list.count; i++) {
		lister.owner = (otype_t)i;
		vec_push(&ret->of_type, list_plan(&lister, object_type_plan(types, (otype_t)i)));
	}
	lister.owner = NO_TYPE;
	for (uint32_t i = 0; i < objects->variables.count; i++) {
		const struct go_type *type =
			types_at(types->types, objects->variables.items[i].type);

		lister.variable = i;
		vec_push(&ret->of_variable,
			list_plan(&lister, type ? scan_plan_of(types, type) : NULL));
	}
}

void value_places_deinit(struct value_places *places)
{
	vec_deinit(&places->list);
	vec_deinit(&places->of_type);
	vec_deinit(&places->of_variable);
}

char *value_place_text(
	const struct analysis *analysis, struct naming *naming, const struct value_place *place)
{
	struct types *types = &analysis->typing->types;
	const struct object_type *owner =
		object_type_at(&analysis->typing->object_types, place->owner);
	struct text text = {0};

	if (place->owner == NO_TYPE) {
		const struct go_variable *variable =
			&analysis->objects->variables.items[place->variable];
		_cleanup_free_ char *name = naming_variable(naming, place->variable);

		text_add(&text, "%s", name);
		type_path_add(&text, types, types_at(types, variable->type), place->offset);
		return text_take(&text);
	}
	text_add(&text, "%s", owner->role == ROLE_MAP_GROUPS ? owner->type->name : owner->name);
	if (owner->role == ROLE_MAP_GROUPS)
		text_add(&text, place->offset < owner->type->map.elem_at ? " key" : " value");
	else if (owner->role == ROLE_VALUE || owner->role == ROLE_ARRAY)
		type_path_add(&text, types, owner->type, place->offset);
	return text_take(&text);
}

bool value_place_is_of_runtime(const struct analysis *analysis, const struct value_place *place)
{
	const struct object_types *types = &analysis->typing->object_types;

	return place->owner != NO_TYPE &&
	       strstr(object_type_at(types, place->owner)->name, "runtime.") != NULL;
}

node_t value_place_container(
	const struct analysis *analysis, const struct value_place *place, node_t owner)
{
	const struct object_types *types = &analysis->typing->object_types;
	node_t node = owner;

	if (object_type_at(types, place->owner)->role != ROLE_MAP_GROUPS)
		return owner;
	for (unsigned i = 0; i < MAP_LEVELS && !node_is_virtual(analysis->objects, node); i++) {
		if (object_type_at(types, analysis_type(analysis, node))->role == ROLE_MAP)
			return node;
		node = analysis->retention->idom[node];
	}
	return owner;
}
