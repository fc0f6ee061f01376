/* Types that DWARF knows, as types of the program.
 *
 * Most of them have a descriptor in the program, and DWARF says where: then that is the type. The
 * others (of structs that are never in an interface, say) are made from DWARF.
 */
#pragma once

#include "debuginfo.h"
#include "gotype.h"

/* Lets types_at() answer for the refs of dwarf_types_ref(). debuginfo must outlive types. */
void dwarf_types_attach(struct types *types, const struct debuginfo *debuginfo);

/* The ref of a DWARF type. */
static inline type_ref dwarf_types_ref(die_t die)
{
	return die ? TYPE_FROM_DWARF | die : 0;
}
