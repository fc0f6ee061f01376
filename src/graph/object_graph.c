#include "object_graph.h"

#include <string.h>

#include "addrmap.h"
#include "parallel.h"
#include "stack_scan.h"
#include "big_table.h"

enum { MAX_WILD_SOURCES = 1 << 20 };

/* A reference from a virtual node. */
struct root_edge {
	uint32_t from; /* place in virtual_nodes */
	object_t to;
};

/* What is gathered before the nodes can be numbered: variables, special roots, goroutines and
 * frames come mixed, but their nodes have an order. */
struct gatherer {
	struct object_graph *objects;
	VEC(struct root_edge) variable_edges; /* from: place in variables */
	VEC(struct root_edge) special_edges;  /* from: enum root_kind */
	VEC(struct root_edge) goroutine_edges;
	VEC(struct root_edge) frame_edges; /* from: place in frames */
	VEC(struct virtual_node) frames;
	const struct go_variable *last;
	uint32_t goroutine;
	uint32_t frame; /* the frame that the last word was in; NO_FRAME: none yet */
};

static object_t resolve_root(struct gatherer *gatherer, addr_t value, bool conservative)
{
	const struct heap *heap = gatherer->objects->heap;
	object_t object = heap_object_at(heap, value);

	if (object == NO_OBJECT && !conservative && heap_span_at(heap, value))
		gatherer->objects->wild++;
	return object;
}

/* Roots come in the order of their addresses, so a variable is either the last one or new. */
static void gather_variable(struct gatherer *gatherer, const struct root *root, object_t object)
{
	struct object_graph *objects = gatherer->objects;
	const struct go_variable *last =
		objects->variables.count ? vec_last(&objects->variables) : NULL;

	if (!last || root->at - last->address >= last->size) {
		struct go_variable variable = variable_at(
			objects->program->runtime, objects->program->debuginfo, root->at);

		/* A variable of unknown size ends before the word that nobody knows. */
		if (variable.address + variable.size <= root->at)
			variable = (struct go_variable){.address = root->at, .size = 8};
		vec_push(&objects->variables, variable);
	}
	vec_push(&gatherer->variable_edges,
		{.from = (uint32_t)objects->variables.count - 1, .to = object});
}

static void gather_root(void *context, const struct root *root)
{
	struct gatherer *gatherer = context;
	object_t object = resolve_root(gatherer, root->value, false);

	if (object == NO_OBJECT)
		return;
	if (root->kind == ROOT_VARIABLE)
		gather_variable(gatherer, root, object);
	else
		vec_push(&gatherer->special_edges, {.from = root->kind, .to = object});
}

static void gather_word(void *context, const struct stack_word *word)
{
	struct gatherer *gatherer = context;
	object_t object = resolve_root(gatherer, word->value, word->conservative);

	if (object == NO_OBJECT)
		return;
	if (word->frame == NO_FRAME) {
		vec_push(&gatherer->goroutine_edges, {.from = gatherer->goroutine, .to = object});
		return;
	}
	/* Frames come in order, but for the words of stack objects, which come at the end. */
	uint32_t place = (uint32_t)gatherer->frames.count;
	while (place && gatherer->frames.items[place - 1].index == gatherer->goroutine &&
		gatherer->frames.items[place - 1].frame != word->frame)
		place--;
	if (!place || gatherer->frames.items[place - 1].index != gatherer->goroutine) {
		vec_push(&gatherer->frames, {VIRTUAL_FRAME, gatherer->goroutine, word->frame});
		place = (uint32_t)gatherer->frames.count;
	}
	vec_push(&gatherer->frame_edges, {.from = place - 1, .to = object});
}

static void gather_stack(void *context, uint32_t goroutine, const struct frames *frames)
{
	struct gatherer *gatherer = context;
	struct object_graph *objects = gatherer->objects;

	gatherer->goroutine = goroutine;
	if (!stack_scan(objects->program->runtime,
		    &objects->stacks.goroutines.list.items[goroutine], frames, gather_word,
		    gatherer))
		objects->unread_stacks++;
}

static struct error *gather(struct gatherer *gatherer)
{
	struct object_graph *objects = gatherer->objects;

	roots_each(objects->heap, objects->maps, gather_root, gatherer, &objects->missing);
	return stacks_load(objects->program->runtime, gather_stack, gatherer, &objects->stacks);
}

static void add_virtual(struct object_graph *objects, enum virtual_kind kind, uint32_t index,
	enum holder_kind holder, uint32_t holder_index, struct addrmap *known)
{
	uint64_t key = ((uint64_t)holder + 1) << 32 | holder_index;
	uint32_t number;

	if (!addrmap_get(known, key, &number)) {
		number = (uint32_t)objects->holders.count;
		vec_push(&objects->holders, {holder, holder_index});
		addrmap_set(known, key, number);
	}
	objects->holder_of[objects->virtual_nodes.count] = number;
	vec_push(&objects->virtual_nodes, {.kind = kind, .index = index});
}

/* Variables, special roots, goroutines; then frames; then the root of everything. */
static void number_nodes(struct object_graph *objects, const struct gatherer *gatherer)
{
	struct addrmap known = {0};
	uint32_t goroutines = (uint32_t)objects->stacks.goroutines.list.count;

	objects->holder_of = memory_array(
		objects->variables.count + ROOT_KINDS + goroutines, sizeof(*objects->holder_of));
	for (uint32_t i = 0; i < objects->variables.count; i++)
		add_virtual(objects, VIRTUAL_VARIABLE, i, HOLDER_VARIABLE, i, &known);
	for (uint32_t i = 0; i < ROOT_KINDS; i++)
		add_virtual(objects, VIRTUAL_SPECIAL, i, HOLDER_SPECIAL, i, &known);
	for (uint32_t i = 0; i < goroutines; i++)
		add_virtual(objects, VIRTUAL_GOROUTINE, i, HOLDER_GOROUTINES,
			objects->stacks.group_of[i], &known);
	addrmap_deinit(&known);
	objects->holder_nodes = (node_t)objects->virtual_nodes.count;
	vec_foreach (frame, &gatherer->frames)
		vec_push(&objects->virtual_nodes, *frame);
	vec_push(&objects->virtual_nodes, {.kind = VIRTUAL_ROOT});

	objects->first_virtual = objects->heap->scan_slots;
	objects->graph.inner = objects->first_virtual + object_graph_virtuals(objects);
	objects->graph.count = objects->heap->slots + object_graph_virtuals(objects);
	objects->graph.root = objects->graph.inner - 1;
}

/* One worker writes the rows of a range of spans, into a part of the table of its own. */
struct row_worker {
	struct object_graph *objects;
	uint32_t first_span, end_span;
	node_t *begin, *out;
	uint32_t inner, virtuals; /* copies, for the inner loop */
	uint64_t wild;
	VEC(node_t) wild_sources;
	VEC(node_t) long_rows; /* node, length, node, length, ... */
	node_t node;
};

struct row_work {
	unsigned width;
	struct row_worker *workers;
};

static inline __attribute__((always_inline)) void add_reference(
	void *context, uint64_t offset, addr_t value)
{
	struct row_worker *worker = context;
	const struct heap *heap = worker->objects->heap;

	(void)offset;
	if (!value)
		return;
	const struct span *span = heap_span_at(heap, value);
	if (!span)
		return;
	uint32_t slot = span_slot_at(span, value);
	if (slot >= span->nelems || !span_allocated(heap, span, slot)) {
		worker->wild++;
		if (worker->wild_sources.count < MAX_WILD_SOURCES)
			vec_push(&worker->wild_sources, worker->node);
		return;
	}
	object_t object = span->first + slot;

	*worker->out++ = object + (object >= worker->inner ? worker->virtuals : 0);
}

static void write_rows_of_span(struct row_worker *worker, const struct span *span)
{
	struct object_graph *objects = worker->objects;
	const struct heap *heap = objects->heap;

	for (uint32_t slot = 0; slot < span->nelems; slot++) {
		if (!span_allocated(heap, span, slot))
			continue;
		node_t *begin = worker->out;
		worker->node = span->first + slot;
		pointer_map_each(objects->maps, heap, span, slot, add_reference, worker);
		uint64_t length = (uint64_t)(worker->out - begin);
		if (length < ROW_LONG) {
			graph_row_set_short(&objects->graph, worker->node, (uint8_t)length);
		} else {
			vec_push(&worker->long_rows, worker->node);
			vec_push(&worker->long_rows, (node_t)length);
		}
	}
}

static struct error *write_rows(void *context, unsigned number)
{
	struct row_work *work = context;
	struct row_worker *worker = &work->workers[number];
	const struct heap *heap = worker->objects->heap;

	for (uint32_t i = worker->first_span; i < worker->end_span; i++) {
		const struct span *span = &heap->spans[i];

		target_note_use(heap->runtime->target, span->bytes,
			(size_t)span->npages << RUNTIME_PAGE_SHIFT);
		write_rows_of_span(worker, span);
	}
	return NULL;
}

/* Divides the spans by their bytes; each worker gets room for as many references as there are
 * words. */
static void divide_spans(struct object_graph *objects, struct row_work *work, uint64_t words)
{
	uint32_t span = 0;
	uint64_t before = 0;

	for (unsigned i = 0; i < work->width; i++) {
		struct row_worker *worker = &work->workers[i];
		uint64_t end = words * (i + 1) / work->width;

		*worker = (struct row_worker){
			.objects = objects,
			.first_span = span,
			.begin = objects->graph.targets + before,
			.inner = objects->first_virtual,
			.virtuals = object_graph_virtuals(objects),
		};
		worker->out = worker->begin;
		while (span < objects->heap->scan_spans && (before < end || i + 1 == work->width))
			before += (uint64_t)objects->heap->spans[span++].npages
				  << (RUNTIME_PAGE_SHIFT - 3);
		worker->end_span = span;
	}
}

/* Moves the parts together. */
static void join_rows(struct object_graph *objects, struct row_work *work, uint64_t *ret_edges)
{
	uint64_t edges = 0;

	for (unsigned i = 0; i < work->width; i++) {
		struct row_worker *worker = &work->workers[i];
		uint64_t count = (uint64_t)(worker->out - worker->begin);

		memmove(objects->graph.targets + edges, worker->begin, count * sizeof(node_t));
		edges += count;
		objects->wild += worker->wild;
		vec_foreach (source, &worker->wild_sources)
			vec_push(&objects->wild_sources, *source);
		for (size_t k = 0; k < worker->long_rows.count; k += 2)
			graph_row_set(&objects->graph, worker->long_rows.items[k],
				worker->long_rows.items[k + 1]);
		vec_deinit(&worker->wild_sources);
		vec_deinit(&worker->long_rows);
	}
	*ret_edges = edges;
}

/* The rows of virtual nodes, which come behind those of objects. */
struct virtual_rows {
	struct object_graph *objects;
	uint64_t edges;
	node_t node;
	uint64_t begin;
};

static void put_edge(struct virtual_rows *rows, node_t to)
{
	rows->objects->graph.targets[rows->edges++] = to;
}

static void end_row(struct virtual_rows *rows)
{
	graph_row_set(&rows->objects->graph, rows->node++, (uint32_t)(rows->edges - rows->begin));
	rows->begin = rows->edges;
}

static int by_source(const void *left, const void *right)
{
	const struct root_edge *a = left, *b = right;

	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	return (a->to > b->to) - (a->to < b->to);
}

/* Writes the rows of the next `count` nodes; of goroutines, also the edges to their frames. */
static void put_rows(struct virtual_rows *rows, struct root_edge *edges, size_t edge_count,
	uint32_t count, const struct gatherer *frames_of)
{
	node_t first_frame = rows->objects->first_virtual + rows->objects->holder_nodes;
	size_t at = 0, frame = 0;

	if (edge_count)
		qsort(edges, edge_count, sizeof(*edges), by_source);
	for (uint32_t i = 0; i < count; i++) {
		for (; at < edge_count && edges[at].from == i; at++)
			put_edge(rows, node_of_object(rows->objects, edges[at].to));
		while (frames_of && frame < frames_of->frames.count &&
			frames_of->frames.items[frame].index == i)
			put_edge(rows, first_frame + (node_t)frame++);
		end_row(rows);
	}
}

static uint64_t put_virtual_rows(struct gatherer *gatherer, uint64_t edges)
{
	struct object_graph *objects = gatherer->objects;
	struct virtual_rows rows = {objects, edges, objects->first_virtual, edges};

	put_rows(&rows, gatherer->variable_edges.items, gatherer->variable_edges.count,
		(uint32_t)objects->variables.count, NULL);
	put_rows(&rows, gatherer->special_edges.items, gatherer->special_edges.count, ROOT_KINDS,
		NULL);
	put_rows(&rows, gatherer->goroutine_edges.items, gatherer->goroutine_edges.count,
		(uint32_t)objects->stacks.goroutines.list.count, gatherer);
	put_rows(&rows, gatherer->frame_edges.items, gatherer->frame_edges.count,
		(uint32_t)gatherer->frames.count, NULL);
	for (node_t i = 0; i < objects->holder_nodes; i++)
		put_edge(&rows, objects->first_virtual + i);
	end_row(&rows);
	return rows.edges;
}

static uint64_t root_edge_count(const struct gatherer *gatherer)
{
	return gatherer->variable_edges.count + gatherer->special_edges.count +
	       gatherer->goroutine_edges.count + gatherer->frame_edges.count +
	       gatherer->frames.count + gatherer->objects->holder_nodes;
}

static struct error *build_rows(struct gatherer *gatherer)
{
	struct object_graph *objects = gatherer->objects;
	struct row_work work = {.width = parallel_width()};
	uint64_t words = 0, edges = 0;

	for (uint32_t i = 0; i < objects->heap->scan_spans; i++)
		words += (uint64_t)objects->heap->spans[i].npages << (RUNTIME_PAGE_SHIFT - 3);
	uint64_t room = words + root_edge_count(gatherer);
	TRY(graph_rows_create(&objects->graph));
	TRY(big_table_alloc(room, sizeof(node_t), &objects->graph.targets));
	objects->targets_bytes = room * sizeof(node_t);
	work.workers = memory_array(work.width, sizeof(*work.workers));
	divide_spans(objects, &work, words);
	struct error *error = parallel_run(work.width, write_rows, &work);
	join_rows(objects, &work, &edges);
	free(work.workers);
	if (error)
		return error;
	edges = put_virtual_rows(gatherer, edges);
	big_table_trim(objects->graph.targets, objects->targets_bytes, edges * sizeof(node_t));
	objects->targets_bytes = edges * sizeof(node_t);
	target_release_pages(objects->program->target);
	return graph_rows_finish(&objects->graph);
}

static uint64_t weight(const void *context, node_t node)
{
	const struct object_graph *objects = context;

	return node_is_virtual(objects, node)
		       ? 0
		       : heap_size(objects->heap, object_of_node(objects, node));
}

static struct error *build(struct gatherer *gatherer)
{
	TRY(gather(gatherer));
	number_nodes(gatherer->objects, gatherer);
	return build_rows(gatherer);
}

struct error *object_graph_build(const struct program *program, const struct heap *heap,
	struct pointer_maps *maps, struct object_graph **ret)
{
	_cleanup_(cleanup_object_graph) struct object_graph *objects =
		memory_alloc(sizeof(*objects));
	struct gatherer gatherer = {.objects = objects};

	objects->program = program;
	objects->heap = heap;
	objects->maps = maps;
	objects->graph.weight = weight;
	objects->graph.context = objects;
	struct error *error = build(&gatherer);
	vec_deinit(&gatherer.variable_edges);
	vec_deinit(&gatherer.special_edges);
	vec_deinit(&gatherer.goroutine_edges);
	vec_deinit(&gatherer.frame_edges);
	vec_deinit(&gatherer.frames);
	if (error)
		return error;
	*ret = take_pointer(objects);
	return NULL;
}

void object_graph_destroy(struct object_graph *objects)
{
	if (!objects)
		return;
	graph_rows_destroy(&objects->graph);
	big_table_free(objects->graph.targets, objects->targets_bytes);
	stacks_deinit(&objects->stacks);
	vec_deinit(&objects->variables);
	vec_deinit(&objects->virtual_nodes);
	vec_deinit(&objects->holders);
	vec_deinit(&objects->wild_sources);
	free(objects->holder_of);
	free(objects);
}
