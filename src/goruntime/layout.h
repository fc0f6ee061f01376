/* How Go lays out its runtime, by version. The one place of silt that knows Go versions.
 *
 * `struct layout` holds, for one version, the offset and size of every field that is read, under
 * the names of layout/offsets.txt, and what the version does, as named features. Code asks for a
 * feature or for the presence of a field, never for a version. Sources are cited beside each
 * feature (Go file and first version).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "processor.h"

struct field {
	uint32_t at;   /* offset in bytes */
	uint32_t size; /* bytes; 0: this version has no such field */
};

#define FIELD_ABSENT_VALUE                                                                         \
	{                                                                                          \
		UINT32_MAX, 0                                                                      \
	}

static inline bool field_present(struct field field)
{
	return field.size != 0;
}

/* Where the pointer bits of small objects are (runtime/mbitmap.go). */
enum heap_bitmap {
	HEAP_BITMAP_ARENA_2BIT, /* 1.19: heapArena.bitmap, pointer and "more" bits */
	HEAP_BITMAP_ARENA_1BIT, /* 1.20, 1.21, and 1.22 noallocheaders: one bit, and noMorePtrs */
	HEAP_BITMAP_SPAN, /* 1.22: at the end of the span; larger objects have a type header */
};

/* What a goroutine waits for, by its wait reason: where to look for who can wake it. */
enum wait_kind {
	WAIT_OTHER,     /* a timer, the network or the runtime wakes it; or it does not wait */
	WAIT_FOREVER,   /* a nil channel, a select without cases: nothing wakes it */
	WAIT_CHANNEL,   /* an operation on a channel, or one of several: whoever has the channel */
	WAIT_SEMAPHORE, /* sync.Mutex, RWMutex, WaitGroup, internal/poll.FD: whoever has that */
	WAIT_CONDITION, /* sync.Cond: whoever has that */
};

/* sema.go: semTable, an array of roots, each on a cache line of its own. */
enum {
	SEMA_ROOTS = 251,
	SEMA_ROOT_STRIDE_MAX = 128, /* bytes */
};

/* Kinds of `special` records, mheap.go _KindSpecial*. 0: the version has no such kind. */
struct special_kinds {
	uint8_t finalizer;
	uint8_t weak_handle;
	uint8_t profile; /* an object that the heap profile sampled */
	uint8_t cleanup;
	uint8_t last; /* the highest number that is valid */
};

struct features {
	enum heap_bitmap heap_bitmap;
	bool inline_marks; /* Green Tea: marks of small objects at the end of the page (1.26) */
	bool free_index_is_final; /* 1.25: isFree() goes by freeindex, before by freeIndexForScan */
	bool swiss_maps;          /* 1.24 */
	uint8_t bucket_load;  /* entries in two buckets at most, on average: loadFactorNum; 1.21: 12
			       */
	bool gc_programs;     /* kind bit 0x40: gcdata is a program, up to 1.23 */
	bool mask_on_demand;  /* 1.24: TFlagGCMaskOnDemand */
	bool direct_in_tflag; /* 1.26: whether an interface holds the value itself is in tflag */
	bool boxed_sudog_words;     /* 1.26: sudog.elem and .c are {vp, vu} */
	bool cleanups_in_finq;      /* 1.24: cleanups wait in the finalizer queue */
	bool cleanup_is_call;       /* 1.26: a cleanup is {call, fn, arg}, before one funcval */
	bool stack_object_programs; /* up to 1.23: negative ptrdata, gcdata is a program */
	bool sema_in_waiting;       /* 1.26: semaphore and notifyList waiters are in g.waiting */
	struct special_kinds special_kinds;
	uint8_t wrapper; /* function.id of what the compiler puts around a function, of `go f(x)`
			    too: FuncIDWrapper (internal/abi/symtab.go; 1.19: runtime/symtab.go) */
};

/* What differs between processors, beside offsets. */
struct processor_facts {
	uint64_t arena_base;       /* arenas are numbered from minus this (malloc.go,
				      arenaBaseOffset): addresses are signed on amd64 */
	uint32_t sema_root_stride; /* bytes: a cache line (internal/cpu.CacheLinePadSize) */
	uint8_t g_register; /* place in registers.general of what holds g in Go code (ABIInternal)
			     */
	uint8_t link_register; /* place of the return address of a function that has not saved it;
				  meaningless without frames_have_link */
	bool frames_have_link; /* a call leaves the return address in a register, and frames keep it
				  in their lowest word (traceback.go, usesLR) */
	uint8_t min_frame;     /* bytes: MinFrameSize, that word below the arguments of a callee */
	uint8_t stack_align;   /* bytes: StackAlign; min_frame rounded up is what a signal pushes */
	uint8_t integer_registers; /* for arguments: internal/abi.IntArgRegs */
	uint8_t float_registers;   /* FloatArgRegs */
};

struct layout {
#include "layout_fields.h"
	unsigned minor; /* for messages and wait reasons only */
	enum processor processor;
	struct features features;
	struct processor_facts facts;
};

struct layout_table {
	unsigned minor;
	struct layout layouts[PROCESSOR_COUNT];
};

/* A field, and what DWARF calls it. `field` NULL: the size of the structure. Names that changed are
 * separated by '|'. */
struct layout_name {
	const char *structure;
	const char *field;
	uint32_t at; /* in struct layout */
};

extern const struct layout_table layout_tables[];
extern const size_t layout_table_count;
extern const struct layout_name layout_names[];
extern const size_t layout_name_count;

/* The layout of the version that the linker recorded, such as "go1.26.1-X:nogreenteagc" or
 * "go1.25.3 X:greenteagc". ERROR_UNSUPPORTED when it is not among those that silt knows. */
struct error *layout_for_version(
	const char *go_version, enum processor processor, struct layout *ret);

/* The versions that silt knows, for messages: "1.19 and 1.21 to 1.27". */
extern const char layout_versions[];

/* The number of a wait reason as text, as a goroutine dump shows it; NULL when it is not valid. */
const char *layout_wait_reason(const struct layout *layout, uint8_t reason);

/* WAIT_OTHER for a number that is not valid. Waits inside of testing/synctest are WAIT_OTHER: the
 * bubble ends them. */
enum wait_kind layout_wait_kind(const struct layout *layout, uint8_t reason);
