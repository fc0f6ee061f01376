/* Values that the linker has laid down for package variables: of `var bus = &Bus{...}` main.bus is
 * one word, and the Bus lies elsewhere in data, under a name of the compiler's own that DWARF does
 * not list. Without it what the Bus refers to would hang on memory without a name and a type.
 *
 * Found by following pointers, slices and fields from the variables that DWARF lists, as long as
 * they stay within data and bss. Source: Go, cmd/compile/internal/staticinit (main..stmp_0).
 */
#pragma once

#include "debuginfo.h"
#include "goruntime.h"

/* Adds them to the variables of debuginfo, with names such as "main.bus" and "main.bus.index". */
void static_values_add(const struct goruntime *runtime, struct debuginfo *debuginfo);
