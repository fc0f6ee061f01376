#include "referrers.h"

#include "bitset.h"
#include "parallel.h"

enum { NODES_AT_ONCE = 1 << 14 }; /* that a worker takes */

struct search {
	const struct analysis *analysis;
	const uint64_t *wanted;
	referrer_fn *visit;
	void *context;
	struct parallel_share nodes;
};

static void search_row(const struct search *search, node_t node)
{
	for (struct references row = graph_references(analysis_graph(search->analysis), node);
		row.at < row.end; row.at++) {
		if (bitset_has(search->wanted, *row.at))
			search->visit(search->context, node, *row.at);
	}
}

static struct error *search_rows(void *context, unsigned worker)
{
	struct search *search = context;
	uint64_t first, end;

	(void)worker;
	while (parallel_take(&search->nodes, NODES_AT_ONCE, &first, &end)) {
		for (uint64_t node = first; node < end; node++) {
			if (retention_alive(search->analysis->retention, (node_t)node))
				search_row(search, (node_t)node);
		}
	}
	return NULL;
}

struct error *referrers_each(
	const struct analysis *analysis, const uint64_t *wanted, referrer_fn *visit, void *context)
{
	struct search search = {
		.analysis = analysis,
		.wanted = wanted,
		.visit = visit,
		.context = context,
		.nodes = {.count = analysis_graph(analysis)->inner},
	};

	return parallel_run(parallel_width(), search_rows, &search);
}
