/* GOMEMLIMIT, as the runtime has it now: by the environment or by debug.SetMemoryLimit.
 *
 * Source: Go, runtime/mgcpacer.go (gcControllerState, since 1.19).
 */
#pragma once

#include "goruntime.h"

/* Bytes; 0: there is no limit, or it was not found. */
uint64_t memory_limit_of_runtime(const struct goruntime *runtime);
