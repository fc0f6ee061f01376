#include "why.h"

#include <inttypes.h>

#include "chain_table.h"
#include "clean.h"
#include "holder_text.h"
#include "bitset.h"
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

/* What only one node keeps alive: what it dominates. */
struct kept_query {
	const struct retention *retention;
	node_t keeper;
	uint64_t *known, *kept; /* bits by node */
};

/* Climbs the dominator tree until the answer is known, and notes it on the way. */
static bool is_kept(void *context, node_t node)
{
	struct kept_query *query = context;
	const node_t *idom = query->retention->idom;
	node_t top = node;

	while (!bitset_has(query->known, top) && top != query->keeper && idom[top] != top)
		top = idom[top];
	bool kept = top == query->keeper ||
		    (bitset_has(query->known, top) && bitset_has(query->kept, top));
	for (; node != top; node = idom[node]) {
		bitset_add(query->known, node);
		if (kept)
			bitset_add(query->kept, node);
	}
	return kept;
}

/* What a holder reaches, alone or with others. */
struct reached_query {
	const struct retention *retention;
	uint32_t holder;
};

static bool is_reached(void *context, node_t node)
{
	const struct reached_query *query = context;
	uint32_t count;
	const uint32_t *members = holder_sets_members(
		query->retention->sets, retention_set(query->retention, node), &count);

	for (uint32_t i = 0; i < count; i++) {
		if (members[i] == query->holder)
			return true;
	}
	return false;
}

static void add_allocated(struct why *why, node_t node)
{
	uint32_t holder = holder_of(why->analysis->objects, node);

	if (holder != NO_HOLDER) {
		why_allocated(
			why, is_reached, &(struct reached_query){why->analysis->retention, holder});
		return;
	}
	size_t words = BITSET_WORDS(analysis_graph(why->analysis)->count);
	struct kept_query query = {.retention = why->analysis->retention,
		.keeper = node,
		.known = memory_array(words, 8),
		.kept = memory_array(words, 8)};

	why_allocated(why, is_kept, &query);
	free(query.known);
	free(query.kept);
}

/* Of an object, where it was allocated, if it was sampled. */
static void add_allocation(struct why *why, json_t *document, object_t object)
{
	_cleanup_free_ char *at = alloc_site_of(why->analysis, object);

	if (!at)
		return;
	json_object_set_new(document, "allocated_at", clean_json(at));
	view_line(why->view, LINE_PLAIN, "allocated at %s", at);
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
		add_allocation(why, document, object_of_node(analysis->objects, node));
	} else {
		view_line(why->view, LINE_PLAIN, "%s%s%s: keeps %s alive", name, *type ? "  " : "",
			type, retained_text);
	}
	json_object_set_new(view_document(why->view), "object", document);
	view_line(why->view, LINE_PLAIN, "reached from %s", holders);
	if (alive) {
		add_allocated(why, node);
		TRY(add_chain(why, node));
	}
	uint32_t holder = holder_of(analysis->objects, node);
	return holder == NO_HOLDER ? NULL : why_shared(why, holder);
}
