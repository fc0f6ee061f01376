#include "variables.h"

#include "dwarf_types.h"

struct go_variable variable_at(
	const struct goruntime *runtime, const struct debuginfo *debuginfo, addr_t address)
{
	const struct variable *known = debuginfo ? debuginfo_variable(debuginfo, address) : NULL;
	const struct symbol *symbol = known ? NULL : symbols_find(&runtime->symbols, address);

	if (known)
		return (struct go_variable){
			.address = known->address,
			.size = known->size,
			.name = known->name,
			.type = dwarf_types_ref(known->type),
			.pointee = known->pointee,
		};
	if (symbol)
		return (struct go_variable){
			.address = symbol->address, .size = symbol->size, .name = symbol->name};
	return (struct go_variable){.address = address & ~(addr_t)7, .size = 8};
}
