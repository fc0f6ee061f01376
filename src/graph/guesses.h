/* Types by shape for the objects that are left, from the large ones, which are most distinct, to
 * the small ones; what follows from a guess is spread before the next one is made. For programs
 * without DWARF, and for closures of all. */
#pragma once

#include "spread.h"

void guess_types(struct spread *spread);
