/* Does a goroutine wait for a mere signal, or for work?
 *
 * Who waits for values (a worker, the owner of some state) or for a timer will use what it has when
 * they come. Who waits for a channel of empty values (the end of a context, a done channel), a wait
 * group, a lock or the network may have nothing left to do with it.
 */
#pragma once

#include "never_wakes.h"

enum signal_wait {
	SIGNAL_NONE,    /* it waits for values, or does not wait */
	SIGNAL_ONLY,    /* all that it waits for are signals, locks, wait groups */
	SIGNAL_NETWORK, /* or another end */
};

enum signal_wait signal_wait_of(
	const struct analysis *analysis, const struct never_wakes *wakes, uint32_t goroutine);
