/* A channel as the runtime keeps it.
 *
 * Source: Go, runtime/chan.go (hchan), time/sleep.go and tick.go (channels of timers).
 */
#pragma once

#include "gotype.h"

struct channel {
	addr_t address;
	const struct go_type *element; /* NULL: not known */
	uint64_t element_size;         /* bytes */
	uint64_t capacity;
	uint64_t length; /* values in its buffer */
	bool closed;
	bool has_receivers, has_senders; /* that wait */
	bool used; /* values went through its buffer; of one without a buffer it cannot be told */
};

/* False: it was not captured. */
bool channel_read(struct types *types, addr_t address, struct channel *ret);

/* A timer or ticker sends to it: time.NewTimer and NewTicker make channels of one time.Time. */
bool channel_is_timer(const struct channel *channel);

/* Made for being closed, or for one sign: somebody receives from it, nobody sends, and what it
 * carries is nothing, or true. The channel of context.Done is one. */
bool channel_is_stop(const struct channel *channel);
