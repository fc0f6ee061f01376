#include "context_chains.h"

#include <string.h>

#include "bytes.h"
#include "sorted.h"

enum {
	MAX_CONTEXTS = 1 << 26,
	MAX_EMBEDDED = 3, /* structs in each other: timerCtx, cancelCtx, Context */
	NO_PARENT = -1,
	INTERFACE_SIZE = 16,
};

#define NO_PLACE UINT32_MAX

/* A context of the package, or any struct that embeds one. */
struct context {
	uint32_t parent; /* place in the list; itself: none */
	uint32_t depth;  /* 0: not known yet */
	bool derived;    /* some other context was derived from it */
	bool counted;    /* in a chain that was found already */
};

struct finder {
	const struct analysis *analysis;
	int32_t *parent_at; /* by object type: where the interface of its parent is, or NO_PARENT */
	VEC(object_t) objects; /* ascending; by place */
	VEC(struct context) list;
	struct context_chains *chains;
};

/* Where a struct embeds the interface context.Context. */
static int32_t parent_offset(struct types *types, const struct go_type *type, unsigned depth)
{
	for (uint32_t i = 0; type && type->kind == KIND_STRUCT && i < type->field_count; i++) {
		const struct go_field *field = &type->fields[i];
		const struct go_type *inner = field->embedded ? types_at(types, field->type) : NULL;
		int32_t offset = NO_PARENT;

		if (!inner)
			continue;
		if (inner->kind == KIND_INTERFACE && !strcmp(inner->name, "context.Context"))
			return (int32_t)field->offset;
		if (depth < MAX_EMBEDDED)
			offset = parent_offset(types, inner, depth + 1);
		if (offset != NO_PARENT)
			return (int32_t)field->offset + offset;
	}
	return NO_PARENT;
}

/* Are there any? */
static bool find_types(struct finder *finder)
{
	const struct typing *typing = finder->analysis->typing;
	size_t count = typing->object_types.list.count;
	bool any = false;

	finder->parent_at = memory_array(count, sizeof(*finder->parent_at));
	for (size_t i = 0; i < count; i++) {
		const struct object_type *type = &typing->object_types.list.items[i];

		finder->parent_at[i] = NO_PARENT;
		if (type->role == ROLE_VALUE)
			finder->parent_at[i] = parent_offset(
				(struct types *)(uintptr_t)&typing->types, type->type, 0);
		any |= finder->parent_at[i] != NO_PARENT;
	}
	return any;
}

static void find_contexts(struct finder *finder)
{
	const struct analysis *analysis = finder->analysis;

	for (object_t object = 0; object < analysis->heap->scan_slots; object++) {
		if (finder->parent_at[analysis->typing->of[object]] == NO_PARENT ||
			!analysis_alive(analysis, object) || finder->list.count >= MAX_CONTEXTS)
			continue;
		uint32_t place = (uint32_t)finder->list.count;

		vec_push(&finder->objects, object);
		vec_push(&finder->list, {.parent = place});
	}
}

/* The place of the context that is this object; NO_PLACE: it is none. */
static uint32_t place_of(const struct finder *finder, object_t object)
{
	uint32_t low = (uint32_t)sorted_prefix(
		finder->objects.items, finder->objects.count, item, *item < object);

	return low < finder->objects.count && finder->objects.items[low] == object ? low : NO_PLACE;
}

/* There may be millions: their memory is looked at, not read. */
static void find_parent(struct finder *finder, uint32_t place)
{
	const struct analysis *analysis = finder->analysis;
	object_t object = finder->objects.items[place];
	const struct span *span = heap_span_of(analysis->heap, object);
	uint64_t offset = (object - span->first) * span->elemsize + span_header_bytes(span) +
			  (uint64_t)finder->parent_at[analysis->typing->of[object]];
	const uint8_t *interface = heap_bytes(analysis->heap, span, offset, INTERFACE_SIZE);

	target_note_use(analysis->program->target, interface, INTERFACE_SIZE);
	if (!interface)
		return;
	object_t parent = heap_object_at(analysis->heap, load_u64(interface + 8));
	uint32_t parent_place = parent == NO_OBJECT ? NO_PLACE : place_of(finder, parent);
	if (parent_place == NO_PLACE)
		return;
	finder->list.items[place].parent = parent_place;
	finder->list.items[parent_place].derived = true;
}

/* Up to one whose depth is known, and down again. What is damaged and leads round in a circle ends
 * after as many steps as there are contexts. */
static void find_depth(struct finder *finder, uint32_t place)
{
	struct context *list = finder->list.items;
	uint32_t steps = 0, depth, at = place;

	while (!list[at].depth && list[at].parent != at && steps++ < finder->list.count)
		at = list[at].parent;
	depth = list[at].depth ? list[at].depth + steps : steps + 1;
	for (at = place; steps; at = list[at].parent, steps--)
		list[at].depth = depth--;
	if (!list[at].depth)
		list[at].depth = depth;
}

/* The contexts, and what only they keep of their values. */
static uint64_t own_bytes(const struct analysis *analysis, node_t node, node_t parent)
{
	const struct graph *graph = analysis_graph(analysis);
	uint64_t bytes = graph_weight(graph, node);
	node_t last = NO_NODE;

	for (struct references row = graph_references(graph, node); row.at < row.end; row.at++) {
		if (*row.at != parent && *row.at != last &&
			analysis->retention->idom[*row.at] == node)
			bytes += retention_retained(analysis->retention, *row.at);
		last = *row.at;
	}
	return bytes;
}

static node_t node_at(const struct finder *finder, uint32_t place)
{
	return node_of_object(finder->analysis->objects, finder->objects.items[place]);
}

/* Adds the chain unless most of it is in another one. */
static void add_chain(struct finder *finder, uint32_t place)
{
	struct context *list = finder->list.items;
	struct context_chain chain = {node_at(finder, place), list[place].depth, 0};
	uint64_t fresh = 0;

	for (uint32_t at = place;; at = list[at].parent) {
		if (list[at].counted)
			break;
		list[at].counted = true;
		chain.bytes += own_bytes(
			finder->analysis, node_at(finder, at), node_at(finder, list[at].parent));
		fresh++;
		if (list[at].parent == at)
			break;
	}
	if (fresh * 2 > chain.depth)
		vec_push(&finder->chains->list, chain);
}

struct leaf {
	uint32_t place;
	uint32_t depth;
};

static int by_depth(const void *left, const void *right)
{
	const struct leaf *a = left, *b = right;

	if (a->depth != b->depth)
		return a->depth < b->depth ? 1 : -1;
	return (a->place > b->place) - (a->place < b->place);
}

static void find_chains(struct finder *finder, uint64_t at_least)
{
	VEC(struct leaf) leaves = {0};

	for (uint32_t i = 0; i < finder->list.count; i++)
		find_parent(finder, i);
	for (uint32_t i = 0; i < finder->list.count; i++) {
		if (finder->list.items[i].derived)
			continue;
		find_depth(finder, i);
		if (finder->list.items[i].depth >= at_least)
			vec_push(&leaves, {i, finder->list.items[i].depth});
	}
	if (leaves.count)
		qsort(leaves.items, leaves.count, sizeof(*leaves.items), by_depth);
	vec_foreach (leaf, &leaves)
		add_chain(finder, leaf->place);
	vec_deinit(&leaves);
}

void context_chains_find(
	const struct analysis *analysis, uint64_t at_least, struct context_chains *ret)
{
	struct finder finder = {.analysis = analysis, .chains = ret};

	*ret = (struct context_chains){0};
	if (find_types(&finder)) {
		find_contexts(&finder);
		find_chains(&finder, at_least);
	}
	free(finder.parent_at);
	vec_deinit(&finder.objects);
	vec_deinit(&finder.list);
}

void context_chains_deinit(struct context_chains *chains)
{
	vec_deinit(&chains->list);
}
