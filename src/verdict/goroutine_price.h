/* What goroutines cost that wait in vain: what they refer to and nothing else does.
 *
 * They are priced in entries, several goroutines each. holds: everything that an entry's goroutines
 * refer to and that was not reached from elsewhere. frees: the part of it that no other entry
 * refers to; so much goes when only these end. Both by following the references, without the
 * runtime's own structures (g, sudog), which are used again. Stacks come on top of it.
 */
#pragma once

#include "gated_reach.h"

#define NO_ENTRY UINT32_MAX

struct price_input {
	const struct gated_input *gates; /* closed: what belongs to a goroutine, by its place */
	const uint64_t *reached;         /* bits, by node: reached from elsewhere */
	const uint32_t *entry_of;        /* by place of the goroutine; NO_ENTRY: not priced */
	uint32_t goroutines;
};

struct goroutine_price {
	uint64_t holds_bytes;
	uint64_t frees_bytes;
};

struct goroutine_prices {
	struct goroutine_price *of; /* by entry */
	uint64_t frees_bytes;       /* when all of them end */
};

struct error *goroutine_prices_find(
	const struct price_input *input, uint32_t entries, struct goroutine_prices *ret);
void goroutine_prices_deinit(struct goroutine_prices *prices);
