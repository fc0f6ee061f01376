/* All that is known of a program: its objects, their types, and who holds them. What the reports
 * are made from.
 */
#pragma once

#include "object_graph.h"
#include "program.h"
#include "retention.h"
#include "typing.h"

/* Time per phase. Types are found while retention is computed. */
struct analysis_times {
	uint64_t open_ns; /* capture, and finding the runtime */
	uint64_t heap_ns;
	uint64_t graph_ns;
	uint64_t types_ns;
	uint64_t retention_ns;
};

/* The largest resident memory of silt until the end of a phase, bytes. */
struct analysis_peaks {
	uint64_t open_bytes;
	uint64_t heap_bytes;
	uint64_t graph_bytes;
	uint64_t retention_bytes; /* and types */
};

/* Sums over the heap, in bytes (see the meaning in docs/json.md). */
struct heap_figures {
	uint64_t allocated_bytes;
	uint64_t live_bytes;
	uint64_t live_objects;
	uint64_t typed_bytes;
	uint64_t marked_bytes;           /* that the last collection had marked */
	uint64_t marked_unreached_bytes; /* of them, not reached */
};

/* Told what is being done, for showing progress. May be NULL. */
typedef void progress_fn(void *context, const char *phase);

struct analysis_options {
	struct program_options program;
	progress_fn *progress;
	void *progress_context;
};

struct analysis {
	struct program *program;
	struct heap *heap;
	struct pointer_maps *maps;
	struct object_graph *objects;
	struct typing *typing;
	struct retention *retention;
	struct heap_figures figures;
	struct analysis_times times;
	struct analysis_peaks peaks;
};

struct error *analysis_open(
	const char *target, const struct analysis_options *options, struct analysis **ret);
void analysis_destroy(struct analysis *analysis);
DEFINE_CLEANUP(analysis)

static inline const struct graph *analysis_graph(const struct analysis *analysis)
{
	return &analysis->objects->graph;
}

/* Is the object reachable? */
static inline bool analysis_alive(const struct analysis *analysis, object_t object)
{
	return retention_alive(analysis->retention, node_of_object(analysis->objects, object));
}

/* The type of the object behind a node; NO_TYPE for virtual nodes. */
static inline otype_t analysis_type(const struct analysis *analysis, node_t node)
{
	return node_is_virtual(analysis->objects, node)
		       ? NO_TYPE
		       : analysis->typing->of[object_of_node(analysis->objects, node)];
}
