#include "analysis.h"

#include <sys/resource.h>

#include "clock.h"
#include "parallel.h"

enum {
	WILD_TOLERATED = 10000, /* one reference in so many may lead to a free slot */
	WILD_FEW = 16,
};

/* When a phase began. */
struct stopwatch {
	uint64_t last;
};

static uint64_t lap(struct stopwatch *watch)
{
	uint64_t now = clock_now(), passed = now - watch->last;

	watch->last = now;
	return passed;
}

static uint64_t peak_bytes(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_SELF, &usage) == 0 ? (uint64_t)usage.ru_maxrss << 10 : 0;
}

static void say(const struct analysis_options *options, const char *phase)
{
	if (options->progress)
		options->progress(options->progress_context, phase);
}

/* The collector stops the program when it meets a reference to a free slot, so in what is alive
 * there are none: many mean that something is read wrongly. Some are taken for a change in
 * progress. */
static struct error *check_wild_references(const struct analysis *analysis)
{
	const struct object_graph *objects = analysis->objects;
	uint64_t wild = 0;

	vec_foreach (source, &objects->wild_sources)
		wild += retention_alive(analysis->retention, *source);
	if (wild > WILD_FEW + objects->graph.edges / WILD_TOLERATED)
		return error_create(ERROR_LAYOUT,
			"%llu references of live objects lead to free slots: pointer maps are read wrongly",
			(unsigned long long)wild);
	return NULL;
}

struct types_task {
	struct typing *typing;
	uint64_t ns;
};

static struct error *find_types(void *context, unsigned worker)
{
	struct types_task *task = context;
	struct stopwatch watch = {clock_now()};
	struct error *error = typing_run(task->typing);

	(void)worker;
	task->ns = lap(&watch);
	return error;
}

static struct error *find_retention(struct analysis *analysis)
{
	const struct object_graph *objects = analysis->objects;
	const struct retention_input input = {
		.graph = &objects->graph,
		.holders = objects->holder_of,
		.first_holder = objects->first_virtual,
		.holder_nodes = objects->holder_nodes,
		.first_virtual = objects->first_virtual,
		.virtual_nodes = object_graph_virtuals(objects),
	};

	return retention_compute(&input, &analysis->retention);
}

static struct error *find_types_and_retention(struct analysis *analysis)
{
	struct types_task types = {.typing = analysis->typing};
	struct stopwatch watch = {clock_now()};
	struct parallel_task *task;

	TRY(parallel_start(find_types, &types, &task));
	struct error *error = find_retention(analysis);
	analysis->times.retention_ns = lap(&watch);
	struct error *types_error = parallel_join(task);
	analysis->times.types_ns = types.ns;
	if (error) {
		error_destroy(types_error);
		return error;
	}
	return types_error;
}

static void sum_span(struct analysis *analysis, const struct span *span)
{
	const struct heap *heap = analysis->heap;
	struct heap_figures *figures = &analysis->figures;

	for (uint32_t slot = 0; slot < span->nelems; slot++) {
		bool alive = analysis_alive(analysis, span->first + slot);
		bool marked = bitset_has(heap->marked + span->bits, slot);

		figures->typed_bytes += alive && analysis->typing->of[span->first + slot] != NO_TYPE
						? span->elemsize
						: 0;
		figures->marked_bytes += marked ? span->elemsize : 0;
		figures->marked_unreached_bytes += marked && !alive ? span->elemsize : 0;
	}
}

static void sum_figures(struct analysis *analysis)
{
	const struct heap *heap = analysis->heap;

	analysis->figures = (struct heap_figures){
		.allocated_bytes = heap->allocated_bytes,
		.live_bytes = analysis->retention->live_bytes,
		.live_objects = analysis->retention->live_nodes,
	};
	for (uint32_t i = 0; i < heap->span_count; i++)
		sum_span(analysis, &heap->spans[i]);
}

static struct error *load(
	struct analysis *analysis, const char *target, const struct analysis_options *options)
{
	struct stopwatch watch = {clock_now()};

	say(options, "capturing");
	TRY(program_open(target, &options->program, &analysis->program));
	analysis->times.open_ns = lap(&watch);
	analysis->peaks.open_bytes = peak_bytes();
	say(options, "reading the heap");
	TRY(heap_load(analysis->program->runtime, &analysis->heap));
	TRY(pointer_maps_create(analysis->heap, &analysis->maps));
	analysis->times.heap_ns = lap(&watch);
	analysis->peaks.heap_bytes = peak_bytes();
	say(options, "following references");
	TRY(object_graph_build(
		analysis->program, analysis->heap, analysis->maps, &analysis->objects));
	analysis->times.graph_ns = lap(&watch);
	analysis->peaks.graph_bytes = peak_bytes();
	say(options, "finding types and holders");
	TRY(typing_create(analysis->program, analysis->heap, analysis->maps, &analysis->typing));
	TRY(find_types_and_retention(analysis));
	analysis->peaks.retention_bytes = peak_bytes();
	sum_figures(analysis);
	return check_wild_references(analysis);
}

struct error *analysis_open(
	const char *target, const struct analysis_options *options, struct analysis **ret)
{
	_cleanup_(cleanup_analysis) struct analysis *analysis = memory_alloc(sizeof(*analysis));

	TRY(load(analysis, target, options));
	*ret = take_pointer(analysis);
	return NULL;
}

void analysis_destroy(struct analysis *analysis)
{
	if (!analysis)
		return;
	retention_destroy(analysis->retention);
	typing_destroy(analysis->typing);
	object_graph_destroy(analysis->objects);
	pointer_maps_destroy(analysis->maps);
	heap_destroy(analysis->heap);
	program_destroy(analysis->program);
	free(analysis);
}
