/* The timers that wait in the heaps of the Ps.
 *
 * The collector keeps what is in such a heap, and what that refers to, whether or not anybody else
 * has the timer. Since 1.23 a timer with a channel is in a heap only while a goroutine waits for
 * the channel; before, and with GODEBUG=asynctimerchan=1 (the default of programs whose go.mod
 * names an older Go; gone in 1.27), until it has fired or is stopped. So what is in the heaps
 * already follows the rules of the target's version.
 *
 * Sources: Go, runtime/time.go (timer, timers), time/sleep.go (AfterFunc: goFunc; NewTimer:
 * sendTime).
 */
#pragma once

#include "heap.h"

enum timer_use {
	TIMER_OTHER,    /* of the runtime: a sleeping goroutine, the deadline of a connection */
	TIMER_FUNCTION, /* time.AfterFunc */
	TIMER_CHANNEL,  /* time.NewTimer, time.NewTicker, time.After, time.Tick */
};

struct timer {
	addr_t address;  /* of the runtime.timer, which lies inside of an object */
	addr_t heap;     /* of the array of the heap that it is in */
	addr_t argument; /* TIMER_FUNCTION: the function value; TIMER_CHANNEL: the channel */
	uint64_t when;   /* on the runtime's clock, ns */
	uint64_t period; /* ns; 0: it fires once */
	enum timer_use use;
};

struct timers {
	VEC(struct timer) list; /* those that are not stopped */
	bool missing;           /* the Ps were not found, or not all could be read */
};

void timers_load(const struct goruntime *runtime, struct timers *ret);
void timers_deinit(struct timers *timers);
