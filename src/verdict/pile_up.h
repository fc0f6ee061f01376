/* Do goroutines pile up: come one after the other, and never leave?
 *
 * One look at a process does not show growth, but the runtime notes for each goroutine that waits
 * which collection first saw it wait (g.waitsince). If they pile up, several collections saw new
 * ones, those that were made later wait since later (who was woken in between waits since its last
 * round, whenever it was made), and the first ones have waited for a good part of the time that the
 * process can be told to have run.
 */
#pragma once

#include "addrmap.h"
#include "stacks.h"

struct pile_up {
	uint32_t arrivals;  /* different collections that saw some for the first time */
	uint64_t oldest_ns; /* how long the oldest and the newest have waited; 0: not seen yet */
	uint64_t newest_ns;
	uint64_t process_ns; /* since the first collection that saw anybody wait */
	uint32_t in_order;   /* pairs of neighbours of which the later one waits no longer */
	uint32_t pairs;
};

/* `members`: places of goroutines, in the order of their goids. `now_ns`: goroutine_clock(). */
struct pile_up pile_up_of(
	const struct stacks *stacks, const uint32_t *members, size_t count, uint64_t now_ns);

bool pile_up_is(const struct pile_up *pile);
