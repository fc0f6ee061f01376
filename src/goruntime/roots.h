/* The roots of the heap that are not in stacks: package variables, finalizers, cleanups, weak
 * handles.
 *
 * Sources: Go, runtime/mgcmark.go (markroot, markrootSpans), mheap.go (special records), mfinal.go,
 * mcleanup.go.
 */
#pragma once

#include "heap.h"
#include "pointer_map.h"

enum root_kind {
	ROOT_VARIABLE,    /* a word of data or bss */
	ROOT_FINALIZER,   /* what an object with a finalizer refers to, and the finalizer's function
			   */
	ROOT_CLEANUP,     /* the function of a cleanup, and since 1.26 its argument */
	ROOT_WEAK_HANDLE, /* the handle, not the object that it leads to */
	ROOT_QUEUED_FINALIZER, /* waits to be run: its function and its object */
	ROOT_QUEUED_CLEANUP,
	ROOT_KINDS,
};

struct root {
	enum root_kind kind;
	addr_t at;    /* where the word is */
	addr_t value; /* never 0 */
	addr_t owner; /* ROOT_FINALIZER, ROOT_CLEANUP, ROOT_WEAK_HANDLE: the object that has the
			 special */
};

typedef void root_fn(void *context, const struct root *root);

/* What could not be read is counted, not dropped. */
struct roots_missing {
	uint64_t variable_bytes; /* of data and bss */
	uint64_t specials;
	bool finalizer_queue; /* the queue was not found although it may have something in it */
};

void roots_each(const struct heap *heap, struct pointer_maps *maps, root_fn *visit, void *context,
	struct roots_missing *ret_missing);

/* Finalizers and cleanups that wait to be run, or are being run. */
struct queued_calls {
	uint64_t finalizers;
	uint64_t cleanups;
};
struct queued_calls roots_queued(const struct heap *heap);
