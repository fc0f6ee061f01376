/* What findings about goroutines have in common. */
#pragma once

#include "finding_kind.h"
#include "stuck_groups.h"

/* Sets what is known of a group of goroutines with the same stack: subject, state, type, path,
 * count and price. */
void goroutine_finding_fill(
	const struct evidence_base *base, const struct stuck_group *group, struct finding *finding);

/* Who made a goroutine and how long it has waited, as a note and as evidence. */
void goroutine_finding_origin(
	const struct evidence_base *base, uint32_t goroutine, struct finding *finding);

/* "goroutine 17 (main.worker at pool.go:41)" */
char *goroutine_finding_name(const struct analysis *analysis, uint32_t goroutine);
