/* The tables of layouts against the program's own DWARF, where it has any: the one check that sees
 * every field, and an odd build of Go (a patch release that changed a structure, a fork) before
 * anything else.
 */
#pragma once

#include "debuginfo.h"
#include "layout.h"

/* ERROR_LAYOUT names the first field that lies elsewhere. Structures that DWARF does not have are
 * not compared. */
struct error *layout_check(const struct layout *layout, const struct debuginfo *debuginfo);
