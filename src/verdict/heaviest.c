#include "heaviest.h"

#include "subject.h"

enum {
	MAX_STEPS = 6,
	MOST_PERCENT = 60, /* of the node before; less ends the way down */
};

node_t heaviest_reference(const struct analysis *analysis, node_t node)
{
	const struct graph *graph = analysis_graph(analysis);
	node_t heaviest = NO_NODE;
	uint64_t bytes = 0;

	if (node >= graph->inner)
		return NO_NODE;
	for (struct references row = graph_references(graph, node); row.at < row.end; row.at++) {
		uint64_t retained = retention_retained(analysis->retention, *row.at);

		if (analysis->retention->idom[*row.at] != node || retained <= bytes)
			continue;
		heaviest = *row.at;
		bytes = retained;
	}
	return heaviest;
}

node_t heaviest_add_path(const struct analysis *analysis, struct naming *naming,
	struct finding *finding, node_t node)
{
	for (unsigned i = 0; i < MAX_STEPS; i++) {
		node_t next = heaviest_reference(analysis, node);

		if (next == NO_NODE ||
			retention_retained(analysis->retention, next) * 100 <
				retention_retained(analysis->retention, node) * MOST_PERCENT)
			break;
		_cleanup_free_ char *reference = subject_reference(naming, node, next);
		_cleanup_free_ char *type = naming_node_type(naming, next);

		vec_push(&finding->path,
			memory_format("%s%s%s", reference, *reference && *type ? "  " : "", type));
		node = next;
	}
	return node;
}
