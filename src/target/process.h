/* A live process as a target, before and during a capture. */
#pragma once

#include <sys/types.h>

#include "error.h"
#include "memory_source.h"
#include "target.h"

/* Looks at a process without stopping it: name, executable, mappings, and bytes through a cache. */
struct error *process_open(pid_t pid, struct target **ret);

/* What a capture says of the process: how long it has run, what tells it from another one, and how
 * much memory it may have. Looking at it does without. */
void process_note_facts(struct target *target);

/* Forgets what was read, and reads the mappings again. */
struct error *process_refresh(struct target *target);

/* The same, but mappings and bytes are from now on those of another process: a copy that it forked.
 */
struct error *process_read_from(struct target *target, const struct memory_source *source);
