/* Objects that are kept by their own finalizer or cleanup.
 *
 * The collector keeps everything that an object with a finalizer refers to, and the finalizer's
 * function with what it captured, until the finalizer has run; of a cleanup, its function and its
 * argument. When the object can be reached from there, it is never found dead, so that the
 * finalizer never runs. An object that somebody else reaches as well is not in question.
 *
 * Source: Go, runtime/mfinal.go (SetFinalizer), mcleanup.go (AddCleanup), mgcmark.go
 * (markrootSpans).
 */
#pragma once

#include "analysis.h"

/* Objects of one type. */
struct finalizer_cycle {
	otype_t type;
	addr_t function;  /* of one of them, its entry; 0: it cannot be told */
	bool cleanup;     /* by a cleanup; else by a finalizer */
	bool by_function; /* the first way round begins in the function, not in the object */
	uint64_t count;   /* of objects; at least, since not all ways round are followed */
	uint64_t bytes;   /* that are freed without these finalizers, with all that hangs on them */
	VEC(node_t) round; /* one way round: the object, what leads back to it, the object */
};

struct finalizer_cycles {
	VEC(struct finalizer_cycle) list;
};

struct error *finalizer_cycles_find(const struct analysis *analysis, struct finalizer_cycles *ret);
void finalizer_cycles_deinit(struct finalizer_cycles *cycles);
