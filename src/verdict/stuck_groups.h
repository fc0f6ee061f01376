/* Goroutines that wait in vain, in groups, with their price (goroutine_price.h). */
#pragma once

#include "analysis.h"
#include "goroutine_price.h"

#define NO_KEY UINT32_MAX

struct stuck_group {
	uint32_t key;
	uint32_t count; /* of goroutines */
	uint32_t first; /* one of them, the one that waits longest: place in goroutines */
	uint64_t holds_bytes;
	uint64_t frees_bytes;
	uint64_t stack_bytes;
};

struct stuck_groups {
	VEC(struct stuck_group) list; /* by holds_bytes and stacks, largest first */
	uint64_t frees_bytes;         /* when all of them end */
	uint64_t stack_bytes;
};

/* Groups the goroutines by their keys (by place; NO_KEY: left out). `gates`, `reached`: as in
 * struct price_input. */
struct error *stuck_groups_find(const struct analysis *analysis, const struct gated_input *gates,
	const uint64_t *reached, const uint32_t *key_of, struct stuck_groups *ret);
void stuck_groups_deinit(struct stuck_groups *groups);
