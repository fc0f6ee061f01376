/* What a capture may leave in the target when it is killed half-way, and taking it away again. */
#pragma once

#include "error.h"
#include "inject.h"

/* Makes the target wait for the zombies of its forked copies. They are told from its own children
 * by their exit signal, which is none. */
struct error *capture_reap(pid_t pid, const struct idle_sites *sites);

/* The descriptors of the target that are userfaultfds: one more after a capture than before it is
 * ours. */
struct descriptors {
	int list[16];
	unsigned count;
};
void capture_find_userfaults(pid_t pid, struct descriptors *ret);

/* Makes the target close those that are not in `before`. */
struct error *capture_close_userfaults(
	pid_t pid, const struct idle_sites *sites, const struct descriptors *before);
