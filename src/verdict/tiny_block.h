/* References into blocks of the tiny allocator.
 *
 * Several small values without pointers share such a block of 16 bytes, and a reference to one of
 * them keeps all. To whom it gives a lock it matters which one it leads to: to a value that begins
 * behind the lock, the lock cannot belong.
 *
 * Source: Go, runtime/malloc.go (mallocgcTiny).
 */
#pragma once

#include "analysis.h"

struct tiny_lock {
	object_t block;
	addr_t semaphore; /* the word; a lock ends behind it (sync/mutex.go: state, sema) */
};

struct tiny_locks {
	const struct analysis *analysis;
	VEC(struct tiny_lock) list;
};

/* Notes a semaphore that is waited for, when it lies in such a block. */
void tiny_locks_add(struct tiny_locks *locks, addr_t semaphore);

/* Ends the adding. */
void tiny_locks_sort(struct tiny_locks *locks);

/* Is one of `from`'s references to the object one that may lead to a lock in it? A gate_leads_fn
 * with the locks as context; true for all other objects. */
bool tiny_locks_lead(void *locks, node_t from, node_t to);
