/* Where types begin to spread from. */
#pragma once

#include "spread.h"

/* Objects that have their type in front of them, or in their span. Exact. Parts of maps are left
 * out: the map says more of them. */
void seed_headers(struct spread *spread);

/* The parts of maps that no map was found for. */
void seed_map_headers(struct spread *spread);

/* Package variables: by DWARF; without it, the runtime's own that are known, and interfaces. */
void seed_variables(struct spread *spread);

/* Objects with finalizers, whose records say their type. Exact. */
void seed_specials(struct spread *spread);

/* Live variables in frames: by DWARF; without it, interfaces, and receivers of methods. */
void seed_stacks(struct spread *spread);

/* Interfaces in objects that are still unknown, by their first word. Spreads what it finds. */
void seed_interfaces(struct spread *spread);
