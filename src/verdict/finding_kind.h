/* The kinds of findings: one file each, kind_NAME.c, and one line in the table of finding_kind.c.
 *
 * A kind looks at a program that was analysed, with what several kinds need computed once, and adds
 * findings. It has a guard against what looks alike and is healthy, and leaves out what is too
 * small to matter (finding_matters).
 */
#pragma once

#include "analysis.h"
#include "finding.h"
#include "growth.h"
#include "inventory.h"
#include "naming.h"
#include "goroutine_verdicts.h"
#include "never_wakes.h"
#include "value_evidence.h"

/* What the kinds look at. */
struct evidence_base {
	const struct analysis *analysis;
	struct naming *naming;
	const struct goroutine_verdicts *goroutines;
	const struct map_list *maps;
	const struct memory_account *memory;
	const struct value_evidence *values;
	const struct growth *growth; /* since an earlier snapshot; NULL: there is none */
	uint64_t now_ns;             /* the runtime's clock (goroutine_clock) */
};

struct finding_kind {
	const char *name; /* "map-slack" */
	const char *one;  /* what the report says of one: "map does not shrink" */
	const char *many; /* of several: "never wake"; NULL: the same */
	bool sums;        /* those of one name are one finding: the shards of a map */
	/* Several kinds are looked for at once, each by one thread. */
	struct error *(*find)(const struct evidence_base *base, struct finding_list *findings);
};

/* All kinds over one program: the surest and largest first, hints last. `growth` may be NULL. */
struct error *findings_find(const struct analysis *analysis, struct naming *naming,
	const struct inventory *inventory, const struct growth *growth, struct finding_list *ret);

/* Is so much of the heap worth a line? */
bool finding_matters(const struct analysis *analysis, uint64_t bytes);

extern const struct finding_kind boxed_values;
extern const struct finding_kind closure_captures;
extern const struct finding_kind context_chain;
extern const struct finding_kind duplicate_strings;
extern const struct finding_kind finalizer;
extern const struct finding_kind goroutine_deadlock;
extern const struct finding_kind goroutine_frame;
extern const struct finding_kind goroutine_likely;
extern const struct finding_kind goroutine_never_wakes;
extern const struct finding_kind goroutine_orphan;
extern const struct finding_kind hidden_pointer;
extern const struct finding_kind lock_convoy;
extern const struct finding_kind map_any;
extern const struct finding_kind map_grows;
extern const struct finding_kind map_slack;
extern const struct finding_kind pool_hoard;
extern const struct finding_kind registry_grows;
extern const struct finding_kind runtime_held;
extern const struct finding_kind slice_pin;
extern const struct finding_kind timer_kept;
extern const struct finding_kind value_pins;
