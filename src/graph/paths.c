#include "paths.h"

#include "addrmap.h"
#include "big_table.h"
#include "bitset.h"

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

/* The chain that ends with `node`, which was seen from `before`. */
static void collect(
	const struct search *search, node_t from, node_t node, node_t before, struct path *path)
{
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
	if (search.found != NO_NODE)
		collect(&search, start, search.found, search.before, ret);
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
	if (search.found != NO_NODE)
		collect(&search, graph->root, search.found, search.before, ret);
	search_deinit(&search);
	return NULL;
}

struct error *paths_to(
	const struct analysis *analysis, node_t from, node_t target, struct path *ret)
{
	return paths_find(analysis, from, is_node, &target, ret);
}

/* Several targets: the search ends when all have been seen. */
struct many_targets {
	const struct search *search;
	uint64_t *wanted; /* bits, by node */
	size_t missing;
	struct addrmap before; /* target + 1 -> where it was first seen */
};

static bool note_target(const void *context, node_t node)
{
	struct many_targets *targets = (struct many_targets *)(uintptr_t)context;
	const struct search *search = targets->search;
	/* The node whose references are being followed. */
	node_t before = search->head ? search->queue[search->head - 1] : search->graph->root;

	if (!bitset_has(targets->wanted, node))
		return false;
	bitset_remove(targets->wanted, node);
	addrmap_set(&targets->before, (addr_t)node + 1, before);
	return !--targets->missing;
}

static struct error *want_all(
	struct many_targets *targets, const struct graph *graph, const node_t *nodes, size_t count)
{
	TRY(big_table_alloc(BITSET_WORDS(graph->count), 8, &targets->wanted));
	for (size_t i = 0; i < count; i++) {
		targets->missing += !bitset_has(targets->wanted, nodes[i]);
		bitset_add(targets->wanted, nodes[i]);
	}
	return NULL;
}

struct error *paths_to_each(
	const struct analysis *analysis, const node_t *targets, size_t count, struct path *ret)
{
	const struct graph *graph = analysis_graph(analysis);
	struct search search;
	struct many_targets many = {.search = &search};

	TRY(search_init(&search, graph, note_target, &many));
	struct error *error = want_all(&many, graph, targets, count);
	if (!error && many.missing)
		run(&search, graph->root);
	for (size_t i = 0; i < count && !error; i++) {
		uint32_t before;

		ret[i] = (struct path){0};
		if (addrmap_get(&many.before, (addr_t)targets[i] + 1, &before))
			collect(&search, graph->root, targets[i], before, &ret[i]);
	}
	addrmap_deinit(&many.before);
	big_table_free(many.wanted, BITSET_WORDS(graph->count) * 8);
	search_deinit(&search);
	return error;
}

void path_deinit(struct path *path)
{
	vec_deinit(&path->nodes);
}
