/* Where calls may be injected into a Go program (inject.h): the system calls of runtime.futex and
 * runtime.usleep, and what a forked copy needs to end by itself.
 *
 * Sources: Go, runtime/sys_linux_amd64.s (the three functions), cmd/link/internal/ld (layout of the
 * data segment, whose last page has a tail that nobody uses).
 */
#pragma once

#include "capture.h"
#include "goruntime.h"

/* Sets idle_sites, exit_call and scratch; none where the code does not look as it should. */
void idle_sites_find(const struct goruntime *runtime, struct capture_plan *plan);
