/* Where objects were allocated: the heap profile's samples.
 *
 * The runtime notes the stack of one allocation in so many bytes (runtime.MemProfileRate, 512 kB)
 * in a bucket, one for each stack and size, and hangs a special on the object that leads to it.
 * Stacks are of logical calls: a pc for each function, those that were put in line too.
 *
 * Source: Go, runtime/mprof.go (bucket, mProf_Malloc), mheap.go (specialprofile), traceback.go
 * (tracebackPCs).
 */
#pragma once

#include "goruntime.h"

enum { PROFILE_STACK_MAX = 1024 }; /* mprof.go: maxProfStackDepth */

struct profile_bucket {
	uint64_t bytes; /* of an allocation */
	uint32_t depth;
	addr_t stack[PROFILE_STACK_MAX]; /* return addresses, innermost first */
};

/* The bucket that the special at an address leads to; 0: it is no sample. */
addr_t profile_bucket_of(const struct goruntime *runtime, addr_t special);

/* False: it cannot be read, or is no bucket of the heap profile. */
bool profile_bucket_read(
	const struct goruntime *runtime, addr_t address, struct profile_bucket *ret);

/* A logical call. */
struct profile_frame {
	const struct module *module;
	struct function function; /* that the code belongs to */
	const char *name;         /* of the function that was called, perhaps put in line */
	addr_t line_pc;
};

/* False outside of Go code. */
bool profile_frame_at(
	const struct goruntime *runtime, addr_t return_address, struct profile_frame *ret);
