/* Where a chain of references begins, when that says who will act: a timer, a goroutine that
 * sleeps. */
#pragma once

#include "paths.h"

/* Does it lead through a heap of timers? Then a timer has what is at its end. */
bool chain_is_of_timers(const struct analysis *analysis, const struct path *path);

/* "a timer", "goroutine 7 (main.run at run.go:12), in sleep", or "" where there is nothing to add
 * to what the chain itself says. Is the caller's to free(). */
char *chain_start_text(const struct analysis *analysis, const struct path *path);
