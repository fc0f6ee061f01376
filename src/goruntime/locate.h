/* Finding the runtime's global variables. */
#pragma once

#include "goruntime.h"

/* Fills mheap, allgs, allp, allfin and cleanups of a runtime whose modules are known. */
struct error *locate_globals(struct goruntime *runtime);
