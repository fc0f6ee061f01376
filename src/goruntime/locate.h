/* Finding the runtime's global variables. */
#pragma once

#include "goruntime.h"

/* Fills mheap, allgs, allp, allfin and cleanups of a runtime whose modules are known. */
struct error *locate_globals(struct goruntime *runtime);

/* A test of one variable: is the structure that the caller looks for at this address? */
typedef bool locate_test_fn(const struct goruntime *runtime, addr_t address);

/* The variables that a function refers to, or what lies `inside` bytes before them, and that pass
 * the test: at most `limit`, each once. Returns how many. */
size_t locate_in_function(const struct goruntime *runtime, const char *name, locate_test_fn *test,
	uint32_t inside, addr_t *ret, size_t limit);
