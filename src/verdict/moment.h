/* A process at an earlier moment: what a later snapshot of it is compared with. */
#pragma once

#include "finding.h"
#include "growth.h"

/* A finding of that moment, by its fingerprint. */
struct moment_finding {
	uint64_t count;
	uint64_t holds_bytes;
};

struct moment {
	struct baseline *baseline;
	struct addrmap findings; /* fingerprint -> place in list */
	VEC(struct moment_finding) list;
};

/* Takes what is needed, and destroys the analysis. */
struct error *moment_take(struct analysis *analysis, struct moment **ret);
void moment_destroy(struct moment *moment);
DEFINE_CLEANUP(moment)

/* Tells the later findings, where their kinds have not done so, how they have grown since: those of
 * the same fingerprint are the same. */
void moment_compare(
	const struct moment *moment, const struct growth *growth, struct finding_list *findings);
