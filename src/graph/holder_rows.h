/* Holders as they can be found again in another snapshot of the process.
 *
 * A set of holders has no lasting number, and it changes with every goroutine that happens to use
 * what a variable holds. So sets are brought together in rows: what variables hold counts for these
 * variables, whoever else uses it; what only goroutines hold counts for the functions that they
 * were started with, wherever they stand. The key of a row is the same in every snapshot of a
 * process.
 */
#pragma once

#include "analysis.h"

struct holder_row {
	uint64_t key;
	uint64_t bytes;
	uint64_t objects;
	set_t set;             /* one of its sets */
	VEC(uint32_t) members; /* numbers of holders; none: SET_MANY, or no holder */
};

struct holder_rows {
	VEC(struct holder_row) list;
	uint32_t *of_set; /* by set: its row */
};

void holder_rows_find(const struct analysis *analysis, struct holder_rows *ret);
void holder_rows_deinit(struct holder_rows *rows);
