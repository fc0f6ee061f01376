/* Where the resident memory of a process goes: what the kernel counts (residency.h) divided by what
 * the Go runtime uses it for. Resident memory that is not live heap is not held by anybody, so no
 * chain of references explains it.
 *
 * Sums are exact to the page: of an object of which some pages are not in memory, only the others
 * count.
 *
 * Sources: Go, runtime/mheap.go (heapArenas, mspan states), mstats.go (what HeapInuse, HeapIdle,
 * HeapReleased, StackInuse mean).
 */
#pragma once

#include "analysis.h"

enum memory_use {
	USE_LIVE,        /* objects that are reached */
	USE_GARBAGE,     /* objects that wait for the collector */
	USE_FREE_SLOTS,  /* free places in spans that have objects */
	USE_FREE_PAGES,  /* of the heap, in no span: kept by the runtime, to be used again */
	USE_STACKS,      /* of goroutines */
	USE_FREE_STACKS, /* stacks that are kept for the next goroutine, buffers of the collector */
	USE_RUNTIME,     /* the runtime's own tables */
	USE_PROGRAM,     /* code, constants and variables of the program and its libraries */
	USE_OUTSIDE,     /* not Go's: memory of C, mappings of the program */
	MEMORY_USES,
};

/* Spans of one size class: how much of them is used. Not only what is resident. */
struct class_use {
	uint64_t slot_bytes; /* 0: large objects */
	uint64_t span_bytes;
	uint64_t live_bytes;
	uint64_t free_bytes; /* slots and what is left over behind the last */
};

struct memory_account {
	bool resident_known; /* false: a core of others, and `resident` is 0 throughout */
	uint64_t rss_bytes;  /* as the kernel says */
	uint64_t resident[MEMORY_USES];
	struct class_use classes[ARRAY_SIZE(size_classes)]; /* by size class */
};

struct error *memory_account_make(const struct analysis *analysis, struct memory_account *ret);

/* "live objects", "free slots between objects" */
const char *memory_use_text(enum memory_use use);

/* "live", "free_slots": for JSON. */
const char *memory_use_key(enum memory_use use);
