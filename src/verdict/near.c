#include "near.h"

#include "vec.h"

struct near {
	near_fn *visit;
	void *context;
	struct addrmap met;  /* node + 1 */
	VEC(node_t) leading; /* from which to go on, the nearest first */
};

static void meet(struct near *near, node_t node)
{
	if (near->met.count >= NEAR_NODES || addrmap_get(&near->met, (addr_t)node + 1, NULL))
		return;
	addrmap_set(&near->met, (addr_t)node + 1, 0);
	if (near->visit(near->context, node))
		vec_push(&near->leading, node);
}

void near_each(const struct graph *graph, node_t start, near_fn *visit, void *context)
{
	struct near near = {.visit = visit, .context = context};
	size_t at = 0;

	meet(&near, start);
	for (unsigned step = 0; step < NEAR_STEPS; step++) {
		for (size_t end = near.leading.count; at < end; at++) {
			node_t node = near.leading.items[at];
			struct references row = {0};

			if (node < graph->inner)
				row = graph_references(graph, node);
			for (; row.at < row.end && near.met.count < NEAR_NODES; row.at++)
				meet(&near, *row.at);
		}
	}
	vec_deinit(&near.leading);
	addrmap_deinit(&near.met);
}
