/* A Go runtime in a target: which version, where its modules and its global variables are.
 *
 * Everything is found without symbols (facts: the shapes of the structures and the code that uses
 * them); where there is a symbol table, it is asked first, and its answer is checked by the same
 * structural tests.
 */
#pragma once

#include "address.h"
#include "error.h"
#include "executable.h"
#include "layout.h"
#include "module.h"
#include "symbols.h"
#include "target.h"

struct goruntime {
	const struct target *target;         /* not owned */
	const struct executable *executable; /* not owned */
	struct layout layout;
	struct modules modules;
	struct symbols symbols;

	/* Global variables of the runtime. */
	addr_t mheap;  /* runtime.mheap_ */
	addr_t allgs;  /* runtime.allgs, a slice of *g */
	addr_t allp;   /* runtime.allp, a slice of *p; 0 when it was not found */
	addr_t allfin; /* runtime.allfin, 0 when no finalizer was ever queued or it was not found */
	addr_t cleanups; /* runtime.gcCleanups, 0 where there is none or it was not found */
	addr_t semtable; /* runtime.semtable, 0 when it was not found */
};

/* Fails with ERROR_UNSUPPORTED for a version that is not known, and with ERROR_LAYOUT when what is
 * found does not look as the version says. */
struct error *goruntime_open(
	const struct target *target, const struct executable *executable, struct goruntime **ret);

/* The same with the layout that the caller gives: to see that a wrong one is refused. */
struct error *goruntime_open_with(const struct target *target, const struct executable *executable,
	const struct layout *layout, struct goruntime **ret);
void goruntime_destroy(struct goruntime *runtime);
DEFINE_CLEANUP(goruntime)

/* Is goroutine 1 the first in allgs, for ever? Where C has the main function it ends, and its g is
 * used again (proc.go, main: isarchive, islibrary). */
static inline bool goruntime_keeps_first(const struct goruntime *runtime)
{
	return runtime->modules.list.items[0].has_main;
}

/* Reads a field of a structure of the runtime. */
static inline uint64_t read_field(struct reader *reader, addr_t base, struct field field)
{
	return reader_sized(reader, base + field.at, field.size);
}

/* The function that a pc is in. False outside of Go code. */
bool goruntime_function(const struct goruntime *runtime, addr_t pc,
	const struct module **ret_module, struct function *ret);

/* The function that begins at an address. False: none does. */
bool goruntime_function_at(const struct goruntime *runtime, addr_t entry, struct function *ret);

/* The entry of the function that a function value stands for: the first word of what it points to
 * (runtime2.go, funcval). 0: it is no function value. */
addr_t goruntime_function_of_value(const struct goruntime *runtime, addr_t value);
