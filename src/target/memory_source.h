/* Reading the memory of a process, of which nothing is kept, or of a core. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "address.h"

struct target;

struct memory_source {
	const struct target *core; /* NULL: it is a process */
	pid_t pid;
	int mem;          /* of /proc/PID/mem, to read through that; -1: by process_vm_readv */
	unsigned workers; /* threads that copy: a target that runs needs a processor for itself */
	bool steps_aside; /* the target runs: the workers let it go first, again and again */
};

/* How many bytes could be read from the start; 0: none. */
size_t memory_source_read(
	const struct memory_source *source, addr_t address, void *buffer, size_t length);

/* Can several pieces be read at once? */
static inline bool memory_source_takes_lists(const struct memory_source *source)
{
	return !source->core && source->mem < 0;
}

/* The same for several pieces of memory (`iov_base` is an address of the process), to follow each
 * other in the buffer; `length` is the sum of theirs. */
size_t memory_source_read_list(const struct memory_source *source, const struct iovec *memory,
	size_t count, void *buffer, size_t length);
