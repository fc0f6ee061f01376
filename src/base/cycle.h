/* Notices that a linked list of the target leads back into itself (Brent 1980): an address is kept,
 * a new one after twice as many steps, and a list with a cycle comes back to it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "address.h"

struct cycle {
	addr_t kept;
	uint64_t steps;
	uint64_t next_kept; /* after so many steps another one is kept */
};

/* Called with each element; true when it has been there before. May say so some rounds late. */
static inline bool cycle_closes(struct cycle *cycle, addr_t at)
{
	if (cycle->steps && at == cycle->kept)
		return true;
	if (cycle->steps++ == cycle->next_kept) {
		cycle->kept = at;
		cycle->next_kept = cycle->next_kept * 2 + 1;
	}
	return false;
}
