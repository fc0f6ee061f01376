/* What a node leads to in a few references, the nearest first. */
#pragma once

#include "graph.h"

enum {
	NEAR_NODES = 96, /* that are looked at, at most */
	NEAR_STEPS = 4,  /* references: goroutine, frame, object, object, object */
};

/* Called for each node once; returns whether to go on from there. */
typedef bool near_fn(void *context, node_t node);

void near_each(const struct graph *graph, node_t start, near_fn *visit, void *context);
