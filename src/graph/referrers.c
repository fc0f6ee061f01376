#include "referrers.h"

#include "bitset.h"
#include "parallel.h"

enum { NODES_AT_ONCE = 1 << 14 }; /* that a worker takes */

struct search {
	const struct analysis *analysis;
	const uint64_t *wanted;
	referrer_fn *visit;
	void *context;
	uint64_t next;
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
	const uint64_t inner = analysis_graph(search->analysis)->inner;

	(void)worker;
	for (;;) {
		uint64_t first = __atomic_fetch_add(&search->next, NODES_AT_ONCE, __ATOMIC_RELAXED);

		if (first >= inner)
			return NULL;
		for (uint64_t node = first; node < MIN(first + NODES_AT_ONCE, inner); node++) {
			if (retention_alive(search->analysis->retention, (node_t)node))
				search_row(search, (node_t)node);
		}
	}
}

struct error *referrers_each(
	const struct analysis *analysis, const uint64_t *wanted, referrer_fn *visit, void *context)
{
	struct search search = {
		.analysis = analysis, .wanted = wanted, .visit = visit, .context = context};

	return parallel_run(parallel_width(), search_rows, &search);
}
