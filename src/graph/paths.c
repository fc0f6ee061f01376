#include "paths.h"

#include "bitset.h"
#include "big_table.h"

struct search {
	const struct graph *graph;
	path_target_fn *is_target;
	const void *context;
	const uint64_t *avoided; /* bits, by node; NULL: none */
	node_t *parent;          /* by inner node; NO_NODE: not visited */
	node_t *queue;
	node_t head, tail;
	node_t found, before; /* the target and where it was seen */
};

static struct error *search_init(struct search *search, const struct graph *graph,
	path_target_fn *is_target, const void *context)
{
	*search = (struct search){
		.graph = graph, .is_target = is_target, .context = context, .found = NO_NODE};
	TRY(big_table_alloc(graph->inner, sizeof(node_t), &search->parent));
	struct error *error = big_table_alloc(graph->inner, sizeof(node_t), &search->queue);
	if (error) {
		big_table_free(search->parent, graph->inner * sizeof(node_t));
		return error;
	}
	for (node_t node = 0; node < graph->inner; node++)
		search->parent[node] = NO_NODE;
	return NULL;
}

static void search_deinit(struct search *search)
{
	big_table_free(search->parent, search->graph->inner * sizeof(node_t));
	big_table_free(search->queue, search->graph->inner * sizeof(node_t));
}

static void visit(struct search *search, node_t node, node_t parent)
{
	if (search->found != NO_NODE || (search->avoided && bitset_has(search->avoided, node)))
		return;
	if (node >= search->graph->inner) {
		if (search->is_target(search->context, node)) {
			search->found = node;
			search->before = parent;
		}
		return;
	}
	if (search->parent[node] != NO_NODE)
		return;
	search->parent[node] = parent;
	search->queue[search->tail++] = node;
	if (search->is_target(search->context, node)) {
		search->found = node;
		search->before = parent;
	}
}

static void run(struct search *search, node_t from)
{
	search->parent[from] = from;
	search->queue[search->tail++] = from;
	if (search->is_target(search->context, from)) {
		search->found = search->before = from;
		return;
	}
	while (search->head < search->tail && search->found == NO_NODE) {
		node_t node = search->queue[search->head++];

		for (struct references row = graph_references(search->graph, node);
			row.at < row.end; row.at++)
			visit(search, *row.at, node);
	}
}

static void collect(const struct search *search, node_t from, struct path *path)
{
	node_t node = search->found, before = search->before;

	if (node == NO_NODE)
		return;
	for (;;) {
		if (node != search->graph->root)
			vec_push(&path->nodes, node);
		if (node == from)
			break;
		node = before;
		before = search->parent[node];
	}
	for (size_t i = 0; i < path->nodes.count / 2; i++) {
		node_t swapped = path->nodes.items[i];

		path->nodes.items[i] = path->nodes.items[path->nodes.count - 1 - i];
		path->nodes.items[path->nodes.count - 1 - i] = swapped;
	}
}

struct error *paths_find(const struct analysis *analysis, node_t from, path_target_fn *is_target,
	const void *context, struct path *ret)
{
	const struct graph *graph = analysis_graph(analysis);
	node_t start = from == NO_NODE ? graph->root : from;
	struct search search;

	TRY(search_init(&search, graph, is_target, context));
	*ret = (struct path){0};
	run(&search, start);
	collect(&search, start, ret);
	search_deinit(&search);
	return NULL;
}

static bool is_node(const void *context, node_t node)
{
	return *(const node_t *)context == node;
}

struct error *paths_to_avoiding(
	const struct analysis *analysis, const uint64_t *avoided, node_t target, struct path *ret)
{
	const struct graph *graph = analysis_graph(analysis);
	struct search search;

	TRY(search_init(&search, graph, is_node, &target));
	search.avoided = avoided;
	*ret = (struct path){0};
	run(&search, graph->root);
	collect(&search, graph->root, ret);
	search_deinit(&search);
	return NULL;
}

struct error *paths_to(
	const struct analysis *analysis, node_t from, node_t target, struct path *ret)
{
	return paths_find(analysis, from, is_node, &target, ret);
}

/* Never ends the search, but notes how far it has come. */
struct first_links {
	struct search *search;
	const node_t *targets;
	size_t count;
	node_t *before; /* by target: where it was first seen */
	size_t missing;
};

static node_t first_link(const struct search *search, node_t node, node_t before)
{
	while (before != search->graph->root) {
		node = before;
		before = search->parent[node];
	}
	return node;
}

static bool note_target(const void *context, node_t node)
{
	struct first_links *links = (struct first_links *)(uintptr_t)context;
	/* The node whose references are being followed. */
	node_t before = links->search->head ? links->search->queue[links->search->head - 1]
					    : links->search->graph->root;

	for (size_t i = 0; i < links->count; i++) {
		if (links->targets[i] == node && links->before[i] == NO_NODE) {
			links->before[i] = before;
			links->missing--;
		}
	}
	return !links->missing;
}

struct error *paths_first_links(
	const struct analysis *analysis, const node_t *targets, size_t count, node_t *ret)
{
	const struct graph *graph = analysis_graph(analysis);
	struct search search;
	struct first_links links = {.search = &search,
		.targets = targets,
		.count = count,
		.before = ret,
		.missing = count};

	TRY(search_init(&search, graph, note_target, &links));
	for (size_t i = 0; i < count; i++)
		ret[i] = NO_NODE;
	run(&search, graph->root);
	for (size_t i = 0; i < count; i++) {
		if (ret[i] != NO_NODE)
			ret[i] = first_link(&search, targets[i], ret[i]);
	}
	search_deinit(&search);
	return NULL;
}

void path_deinit(struct path *path)
{
	vec_deinit(&path->nodes);
}
