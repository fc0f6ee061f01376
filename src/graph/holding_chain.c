#include "holding_chain.h"

/* The nodes of one step: alike, and in the same holding. */
struct step_query {
	const struct analysis *analysis;
	const struct holding_step *step;
	set_t set;
	node_t dominator; /* NO_NODE: any */
};

static bool is_alike(const struct analysis *analysis, node_t left, node_t right)
{
	const struct object_graph *objects = analysis->objects;
	bool is_virtual = node_is_virtual(objects, left);

	if (is_virtual != node_is_virtual(objects, right))
		return false;
	if (!is_virtual)
		return analysis_type(analysis, left) == analysis_type(analysis, right);
	const struct virtual_node *a = virtual_of_node(objects, left),
				  *b = virtual_of_node(objects, right);
	return a->kind == b->kind && a->frame == b->frame;
}

static bool is_of_step(const void *context, node_t node)
{
	const struct step_query *query = context;
	const struct retention *retention = query->analysis->retention;

	return retention_alive(retention, node) && retention_set(retention, node) == query->set &&
	       (query->dominator == NO_NODE || retention->idom[node] == query->dominator) &&
	       is_alike(query->analysis, node, query->step->example);
}

static bool is_inner(const struct analysis *analysis, const struct holding_step *step)
{
	return !node_is_virtual(analysis->objects, step->example) &&
	       object_type_is_inner(object_type_at(&analysis->typing->object_types, step->type));
}

/* The step whose nearest node the chain leads to: the first that there are many of. What comes
 * before it is the one way to them all. */
static size_t first_of_many(const struct analysis *analysis, const struct holding *holding)
{
	for (size_t i = 0; i < holding->steps.count; i++) {
		const struct holding_step *step = &holding->steps.items[i];

		if (step->count > 1 && !is_inner(analysis, step))
			return i;
	}
	return holding->steps.count - 1;
}

static size_t last_shown(const struct analysis *analysis, const struct holding *holding)
{
	size_t last = holding->steps.count - 1;

	while (last && is_inner(analysis, &holding->steps.items[last]))
		last--;
	return last;
}

static node_t node_of_holder(const struct analysis *analysis, uint32_t holder)
{
	const struct object_graph *objects = analysis->objects;

	for (node_t i = 0; i < objects->holder_nodes; i++) {
		if (objects->holder_of[i] == holder)
			return objects->first_virtual + i;
	}
	return NO_NODE;
}

/* Goes on from the end of the chain; false: there is no way. */
static struct error *extend(struct step_query *query, struct path *chain, bool *ret)
{
	struct path more;

	TRY(paths_find(query->analysis, *vec_last(&chain->nodes), is_of_step, query, &more));
	for (size_t i = 1; i < more.nodes.count; i++)
		vec_push(&chain->nodes, more.nodes.items[i]);
	*ret = more.nodes.count > 0;
	path_deinit(&more);
	return NULL;
}

struct error *holding_chain_find(
	const struct analysis *analysis, const struct holding *holding, struct path *ret)
{
	size_t first = first_of_many(analysis, holding);
	size_t last = MAX(first, last_shown(analysis, holding));
	struct step_query query = {.analysis = analysis, .set = holding->set, .dominator = NO_NODE};
	struct path chain = {0};
	struct error *error = NULL;
	bool found = true;

	vec_push(&chain.nodes, node_of_holder(analysis, holding->members.items[0].holder));
	for (size_t i = first; i <= last && found && !error; i++) {
		query.step = &holding->steps.items[i];
		error = extend(&query, &chain, &found);
		query.dominator = *vec_last(&chain.nodes);
	}
	if (error) {
		path_deinit(&chain);
		return error;
	}
	*ret = chain;
	return NULL;
}
