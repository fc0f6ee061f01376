/* What the findings about collections that only grow have in common. */
#pragma once

#include "finding_kind.h"
#include "growing.h"

/* Is it a registry: a slice of listeners, or a map whose keys or values are listeners? */
bool registry_is(const struct evidence_base *base, const struct collection *collection);

/* A finding with its figures and growth; the kind adds what the entries are, and the fix. */
struct finding *growing_finding_add(const struct evidence_base *base, const struct growing *growing,
	const struct finding_kind *kind, struct finding_list *findings);
