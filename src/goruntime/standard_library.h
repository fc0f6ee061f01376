/* Which functions are those of Go's standard library, and not of the program or of a module that it
 * uses.
 *
 * Told by their files: those of the library lie where the runtime lies. Where the paths have been
 * cut (go build -trimpath) there is no such place, and the import path tells: its first element has
 * no dot in the library (cmd/go/internal/search, IsStandardImportPath), and is not that of the
 * program's own module.
 */
#pragma once

#include "goruntime.h"

struct standard_library {
	const char *root;   /* the runtime's file, of which the first bytes are the place */
	size_t root_length; /* 0: it has been cut */
	const char *module; /* the first element of the program's import path */
	size_t module_length;
};

void standard_library_find(const struct goruntime *runtime, struct standard_library *ret);

/* The same of a variable's or function's name, by its import path alone. */
bool standard_library_has_name(const struct standard_library *library, const char *name);

/* Of a function with its file; also of code that the compiler or cgo made. */
bool standard_library_has(
	const struct standard_library *library, const char *name, const char *file);
