/* Attributes of DWARF entries as Go's compiler writes them.
 *
 * Source: Go, cmd/internal/dwarf/dwarf.go (DW_AT_go_*).
 */
#pragma once

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stdint.h>

#include "debuginfo.h"

enum {
	DW_AT_go_kind = 0x2900,
	DW_AT_go_key = 0x2901,
	DW_AT_go_elem = 0x2902,
	DW_AT_go_embedded_field = 0x2903,
	DW_AT_go_runtime_type = 0x2904,
	DW_AT_go_closure_offset = 0x2907,
};

enum { DIE_MAX_DEPTH = 64 }; /* of lexical blocks, of typedefs */

/* From the entry itself, or from that which it stands for. */
bool die_attribute(Dwarf_Die *die, unsigned name, Dwarf_Attribute *ret);
uint64_t die_number(Dwarf_Die *die, unsigned name, uint64_t otherwise);

/* The entry that is referred to; 0: none. */
die_t die_reference(Dwarf_Die *die, unsigned name);

/* "" when it has none. */
const char *die_name(Dwarf_Die *die);

bool die_location(Dwarf_Die *die, Dwarf_Attribute *ret);
