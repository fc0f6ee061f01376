/* The program file of a core, put together from what the core has of it.
 *
 * A snapshot holds the pages that the program had mapped from its file (capture_plan.h), so that it
 * can be read where the file is not. They make a file without section headers, as of a stripped
 * program: symbol tables and DWARF were never mapped. Its writable pages are as they were in
 * memory.
 */
#pragma once

#include <stdbool.h>

#include "error.h"
#include "target.h"

/* Does the core have its program whole? */
bool program_image_captured(const struct target *target);

/* Makes the image the executable of the target, in place of what was opened. */
struct error *program_image_use(struct target *target);
