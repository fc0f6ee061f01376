/* Down from a node along what holds most: what a closure, a frame or a timer is kept large by. */
#pragma once

#include "analysis.h"
#include "finding.h"
#include "naming.h"

/* Of what only this node keeps alive, the object it refers to that retains most; NO_NODE: none. */
node_t heaviest_reference(const struct analysis *analysis, node_t node);

/* Adds to the finding's path one link for each step down from the node, as long as most of its
 * bytes are there. Returns the last node; the node itself when there was no step. */
node_t heaviest_add_path(const struct analysis *analysis, struct naming *naming,
	struct finding *finding, node_t node);
