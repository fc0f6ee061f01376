#include "why.h"

#include <inttypes.h>

#include "chain_table.h"
#include "clean.h"
#include "holder_text.h"
#include "human.h"

/* The shortest chain to a node. */
static struct error *add_chain(struct why *why, node_t node)
{
	struct path path;

	TRY(paths_to(why->analysis, NO_NODE, node, &path));
	struct error *error = chain_table_add(why->view, why->analysis, why->naming, &path);
	path_deinit(&path);
	return error;
}

static uint32_t holder_of(const struct object_graph *objects, node_t node)
{
	return node_is_virtual(objects, node) &&
			       node - objects->first_virtual < objects->holder_nodes
		       ? objects->holder_of[node - objects->first_virtual]
		       : NO_HOLDER;
}

struct error *why_node(struct why *why, node_t node)
{
	const struct analysis *analysis = why->analysis;
	bool alive = retention_alive(analysis->retention, node);
	_cleanup_free_ char *name = naming_node(why->naming, node);
	_cleanup_free_ char *type = naming_node_type(why->naming, node);
	_cleanup_free_ char *holders = holder_text_of_node(why->naming, analysis, node);
	uint64_t size = graph_weight(analysis_graph(analysis), node);
	uint64_t retained = retention_retained(analysis->retention, node);
	_cleanup_free_ char *size_text = human_bytes(size);
	_cleanup_free_ char *retained_text = human_bytes(retained);
	json_t *document = json_pack("{s:o, s:o, s:I, s:I, s:b, s:o}", "name", clean_json(name),
		"type", clean_json(type), "shallow_bytes", (json_int_t)size, "retained_bytes",
		(json_int_t)retained, "alive", alive, "held_by", clean_json(holders));

	if (!node_is_virtual(analysis->objects, node)) {
		addr_t address =
			heap_address(analysis->heap, object_of_node(analysis->objects, node));

		json_object_set_new(document, "address", json_sprintf("0x%" PRIx64, address));
		view_line(why->view, LINE_PLAIN, "%s at 0x%" PRIx64 ": %s itself, keeps %s alive",
			name, address, size_text, retained_text);
	} else {
		view_line(why->view, LINE_PLAIN, "%s%s%s: keeps %s alive", name, *type ? "  " : "",
			type, retained_text);
	}
	json_object_set_new(view_document(why->view), "object", document);
	view_line(why->view, LINE_PLAIN, "reached from %s", holders);
	if (alive)
		TRY(add_chain(why, node));
	uint32_t holder = holder_of(analysis->objects, node);
	return holder == NO_HOLDER ? NULL : why_shared(why, holder);
}
