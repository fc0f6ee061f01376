/* What would be freed: by cutting one link of a chain, by letting go several objects at once. Found
 * by the references that are there, and by marking again; never estimated.
 */
#pragma once

#include "paths.h"

enum { CUT_OTHERS_KEPT = 24 };

/* A link of a chain: the reference from the node before to this one. */
struct cut {
	node_t node;
	uint64_t freed_bytes; /* when only this reference were gone */
	/* References to the node from elsewhere that keep it alive without this one. */
	uint64_t others;
	node_t other[CUT_OTHERS_KEPT]; /* where some of them are */
};

struct cuts {
	VEC(struct cut) list; /* one for each node of the path */
};

struct error *cuts_of_path(
	const struct analysis *analysis, const struct path *path, struct cuts *ret);
void cuts_deinit(struct cuts *cuts);

/* Bytes and objects that only `removed` (bits by node) keep alive, with their own. */
struct freed {
	uint64_t bytes;
	uint64_t objects;
};
struct error *cuts_free_together(
	const struct analysis *analysis, const uint64_t *removed, struct freed *ret);
