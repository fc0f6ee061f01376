/* What is said of locks, and of what else goroutines wait for. Text is the caller's to free(). */
#pragma once

#include "lock_holders.h"
#include "naming.h"

/* "sync.Mutex main.mu", "sync.Mutex in main.account", "chan int"; of a variable that has no name,
 * "sync.Mutex in a variable used by main.fetch". */
char *lock_text(const struct analysis *analysis, struct naming *naming,
	const struct waited_for *waited_for);
