/* Finding variables by the functions that use them: without symbols, the code says where they are.
 */
#pragma once

#include "goruntime.h"

/* A test of one variable: is the structure that the caller looks for at this address? */
typedef bool locate_test_fn(const struct goruntime *runtime, addr_t address);

/* The variables that a function refers to, or what lies `inside` bytes before them, and that pass
 * the test: at most `limit`, each once. Returns how many. */
size_t locate_in_function(const struct goruntime *runtime, const char *name, locate_test_fn *test,
	uint32_t inside, addr_t *ret, size_t limit);
