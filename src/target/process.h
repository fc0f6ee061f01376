/* A live process as a target, before and during a capture. */
#pragma once

#include <sys/types.h>

#include "error.h"
#include "target.h"

/* Looks at a process without stopping it: name, executable, mappings, and bytes through a cache. */
struct error *process_open(pid_t pid, struct target **ret);

/* Forgets what was read, and reads the mappings again. */
struct error *process_refresh(struct target *target);
