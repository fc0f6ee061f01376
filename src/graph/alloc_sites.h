/* Where objects were allocated, as far as the heap profile sampled them: by call, the most first.
 *
 * The figures are those of the samples: large objects are nearly always sampled, small ones one in
 * so many bytes. (pprof multiplies; here only what was seen is counted.)
 */
#pragma once

#include "analysis.h"

/* All sampled objects that were allocated by one call. */
struct alloc_site {
	char *at; /* "main.load at load.go:41": the innermost call that is not the runtime's */
	uint64_t objects;
	uint64_t bytes;    /* of their slots */
	VEC(char *) stack; /* of most of them, innermost first, from that call on */
};

struct alloc_sites {
	VEC(struct alloc_site) list; /* by bytes, largest first */
	uint64_t objects, bytes;     /* that were sampled, in all */
};

/* Is the node one of those in question? Asked once for every sampled object that is alive. */
typedef bool alloc_wanted_fn(void *context, node_t node);

void alloc_sites_find(const struct analysis *analysis, alloc_wanted_fn *is_wanted, void *context,
	struct alloc_sites *ret);
void alloc_sites_deinit(struct alloc_sites *sites);

/* Where one object was allocated; NULL: it was not sampled. The caller's to free(). */
char *alloc_site_of(const struct analysis *analysis, object_t object);
