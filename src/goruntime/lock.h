/* Which lock a goroutine waits for: its address, from that of the semaphore in it.
 *
 * Who holds a lock is not recorded by Go.
 *
 * Sources: Go, sync/mutex.go, internal/sync/mutex.go (since 1.24), sync/rwmutex.go,
 * sync/waitgroup.go, sync/runtime.go: the same from 1.19 to 1.27.
 */
#pragma once

#include "goruntime.h"

enum lock_kind {
	LOCK_NONE, /* another semaphore: of a file descriptor, or of the runtime */
	LOCK_MUTEX,
	LOCK_RWMUTEX_READ,
	LOCK_RWMUTEX_WRITE,
	LOCK_WAITGROUP,
};

enum { LOCK_FRAMES = 6 }; /* how many of the innermost functions tell which lock it is */

/* `functions`: the names of a goroutine's innermost functions, the innermost first. */
enum lock_kind lock_kind_of(const char *const *functions, size_t count);

/* Where the lock begins whose semaphore has the address. */
addr_t lock_of_semaphore(enum lock_kind kind, addr_t semaphore);

/* "sync.Mutex", "sync.RWMutex", "sync.WaitGroup", "" */
const char *lock_type_name(enum lock_kind kind);
