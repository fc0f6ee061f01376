/* Finding the runtime's global variables. */
#pragma once

#include "goruntime.h"

/* Fills mheap, allgs, allfin and cleanups of a runtime whose modules are known. */
struct error *locate_globals(struct goruntime *runtime);
