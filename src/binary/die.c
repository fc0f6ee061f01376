#include "die.h"

#include <dwarf.h>

bool die_attribute(Dwarf_Die *die, unsigned name, Dwarf_Attribute *ret)
{
	return dwarf_attr_integrate(die, name, ret) != NULL;
}

uint64_t die_number(Dwarf_Die *die, unsigned name, uint64_t otherwise)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;
	Dwarf_Addr address;

	if (!die_attribute(die, name, &attribute))
		return otherwise;
	/* go_runtime_type is an offset in the form of an address. */
	if (dwarf_formudata(&attribute, &value) == 0)
		return value;
	if (dwarf_formaddr(&attribute, &address) == 0)
		return address;
	return otherwise;
}

die_t die_reference(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attribute;
	Dwarf_Die target;

	if (!die_attribute(die, name, &attribute) || !dwarf_formref_die(&attribute, &target))
		return 0;
	return dwarf_dieoffset(&target);
}

const char *die_name(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	const char *name =
		die_attribute(die, DW_AT_name, &attribute) ? dwarf_formstring(&attribute) : NULL;

	return name ? name : "";
}

/* Go writes locations as DW_FORM_block1, also in DWARF 4 and 5, where libdw wants exprloc. The
 * bytes are the same. */
bool die_location(Dwarf_Die *die, Dwarf_Attribute *ret)
{
	if (!die_attribute(die, DW_AT_location, ret))
		return false;
	if (ret->form == DW_FORM_block1)
		ret->form = DW_FORM_exprloc;
	return true;
}
