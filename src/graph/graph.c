#include "graph.h"

#include "memory.h"
#include "big_table.h"

#define LONG_BLOCK ((uint32_t)1 << 31)

static size_t block_count(const struct graph *graph)
{
	return ((size_t)graph->inner + ROW_BLOCK - 1) / ROW_BLOCK;
}

struct error *graph_rows_create(struct graph *graph)
{
	TRY(big_table_alloc(block_count(graph) * ROW_BLOCK, 1, &graph->row_length));
	return big_table_alloc(block_count(graph), sizeof(uint32_t), &graph->row_begin);
}

void graph_row_set(struct graph *graph, node_t node, uint32_t length)
{
	graph->row_length[node] = (uint8_t)MIN(length, (uint32_t)ROW_LONG);
	if (length >= ROW_LONG)
		addrmap_set(&graph->long_rows, (addr_t)node + 1, length);
}

uint32_t graph_long_row(const struct graph *graph, node_t node)
{
	uint32_t length = ROW_LONG;

	addrmap_get(&graph->long_rows, (addr_t)node + 1, &length);
	return length;
}

uint64_t graph_long_rows_before(const struct graph *graph, node_t node)
{
	uint64_t begin = graph->row_begin[node / ROW_BLOCK] & ~LONG_BLOCK;

	for (node_t at = node & ~(node_t)(ROW_BLOCK - 1); at < node; at++)
		begin += graph_row_length(graph, at);
	return begin;
}

struct error *graph_rows_finish(struct graph *graph)
{
	uint64_t edges = 0;

	for (size_t block = 0; block < block_count(graph); block++) {
		bool has_long = false;

		graph->row_begin[block] = (uint32_t)edges;
		for (unsigned i = 0; i < ROW_BLOCK; i++) {
			node_t node = (node_t)(block * ROW_BLOCK + i);

			has_long |= graph->row_length[node] == ROW_LONG;
			edges += graph_row_length(graph, node);
		}
		if (edges >= LONG_BLOCK)
			return error_create(ERROR_LIMIT,
				"the heap has more than %u references, more than silt can hold",
				LONG_BLOCK);
		if (has_long)
			graph->row_begin[block] |= LONG_BLOCK;
	}
	graph->edges = (uint32_t)edges;
	return NULL;
}

void graph_rows_destroy(struct graph *graph)
{
	big_table_free(graph->row_length, block_count(graph) * ROW_BLOCK);
	big_table_free(graph->row_begin, block_count(graph) * sizeof(uint32_t));
	addrmap_deinit(&graph->long_rows);
	graph->row_length = NULL;
	graph->row_begin = NULL;
}
