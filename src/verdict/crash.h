/* What a core tells of the fatal error that ended the program: who caused it, and with what. */
#pragma once

#include "analysis.h"
#include "fatal_error.h"
#include "map_call.h"

struct crash {
	bool found;
	struct fatal_error error;
	struct map_call map;      /* that goroutines used at the same time; type NULL: not known */
	VEC(uint32_t) goroutines; /* that have to do with it, who caused it first */
};

void crash_find(const struct analysis *analysis, struct crash *ret);
void crash_deinit(struct crash *crash);
