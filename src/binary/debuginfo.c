#include "debuginfo.h"

#include "die.h"
#include "sorted.h"

#include <dwarf.h>
#include <string.h>

enum {
	MAX_FIELDS = 1 << 16,
	KIND_ARRAY = 17,
	KIND_POINTER = 22,
};

/* A variable whose location is one address. */
static bool get_static_address(Dwarf_Die *die, addr_t *ret)
{
	Dwarf_Attribute attribute, indexed;
	Dwarf_Op *ops;
	size_t count;
	Dwarf_Addr address;

	if (!die_location(die, &attribute) || dwarf_getlocation(&attribute, &ops, &count) != 0 ||
		count != 1)
		return false;
	if (ops[0].atom == DW_OP_addr) {
		*ret = ops[0].number;
		return true;
	}
	if (ops[0].atom == DW_OP_addrx &&
		dwarf_getlocation_attr(&attribute, &ops[0], &indexed) == 0 &&
		dwarf_formaddr(&indexed, &address) == 0) {
		*ret = address;
		return true;
	}
	return false;
}

/* Goes through typedefs to what they name, at most to the first one that has a kind, if that is
 * wanted: maps and channels are typedefs that know their kind, of pointers that do not. */
static bool strip_typedefs(Dwarf_Die *die, bool to_kind)
{
	Dwarf_Attribute attribute;

	for (unsigned i = 0; i < DIE_MAX_DEPTH && dwarf_tag(die) == DW_TAG_typedef; i++) {
		if (to_kind && dwarf_attr(die, DW_AT_go_kind, &attribute) &&
			die_number(die, DW_AT_go_kind, 0))
			return true;
		if (!dwarf_attr(die, DW_AT_type, &attribute) || !dwarf_formref_die(&attribute, die))
			return false;
	}
	return true;
}

static uint64_t type_size(const struct debuginfo *debuginfo, die_t type)
{
	Dwarf_Die die;
	Dwarf_Word size;

	if (!type || !dwarf_offdie(debuginfo->dwarf, type, &die) || !strip_typedefs(&die, false))
		return 0;
	if (dwarf_tag(&die) == DW_TAG_pointer_type || dwarf_tag(&die) == DW_TAG_subroutine_type)
		return 8;
	return dwarf_aggregate_size(&die, &size) == 0 ? size : 0;
}

static void add_variable(struct debuginfo *debuginfo, Dwarf_Die *die)
{
	addr_t address;

	if (!get_static_address(die, &address))
		return;
	die_t type = die_reference(die, DW_AT_type);
	vec_push(&debuginfo->variables, {.address = address + debuginfo->executable->bias,
						.size = type_size(debuginfo, type),
						.name = die_name(die),
						.type = type});
}

static void add_function(struct debuginfo *debuginfo, Dwarf_Die *die)
{
	Dwarf_Addr entry;

	if (dwarf_lowpc(die, &entry) == 0)
		vec_push(&debuginfo->functions, {.entry = entry + debuginfo->executable->bias,
							.die = dwarf_dieoffset(die)});
}

static void add_struct(struct debuginfo *debuginfo, Dwarf_Die *die)
{
	static const char *const packages[] = {
		"runtime.", "internal/runtime/maps.", "internal/abi."};
	const char *name = die_name(die);

	for (size_t i = 0; i < ARRAY_SIZE(packages); i++) {
		if (!strncmp(name, packages[i], strlen(packages[i])))
			vec_push(&debuginfo->structs, {name, dwarf_dieoffset(die)});
	}
}

die_t debuginfo_runtime_struct(const struct debuginfo *debuginfo, const char *name)
{
	vec_foreach (known, &debuginfo->structs) {
		if (!strcmp(known->name, name))
			return known->die;
	}
	return 0;
}

static void read_unit(struct debuginfo *debuginfo, Dwarf_Die *unit)
{
	Dwarf_Die die;

	if (dwarf_child(unit, &die) != 0)
		return;
	do {
		if (dwarf_tag(&die) == DW_TAG_variable)
			add_variable(debuginfo, &die);
		else if (dwarf_tag(&die) == DW_TAG_subprogram)
			add_function(debuginfo, &die);
		else if (dwarf_tag(&die) == DW_TAG_structure_type)
			add_struct(debuginfo, &die);
	} while (dwarf_siblingof(&die, &die) == 0);
}

static bool is_go_unit(Dwarf_Die *unit)
{
	Dwarf_Attribute attribute;
	Dwarf_Word language;

	return dwarf_attr(unit, DW_AT_language, &attribute) &&
	       dwarf_formudata(&attribute, &language) == 0 && language == DW_LANG_Go;
}

static int by_address(const void *left, const void *right)
{
	const struct variable *a = left, *b = right;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return (a->size > b->size) - (a->size < b->size);
}

static int by_entry(const void *left, const void *right)
{
	const struct function_die *a = left, *b = right;

	return (a->entry > b->entry) - (a->entry < b->entry);
}

static void sort_variables(struct debuginfo *debuginfo)
{
	if (debuginfo->variables.count)
		qsort(debuginfo->variables.items, debuginfo->variables.count,
			sizeof(struct variable), by_address);
}

static void read_units(struct debuginfo *debuginfo)
{
	Dwarf_CU *unit = NULL;
	Dwarf_Die die;

	while (dwarf_get_units(debuginfo->dwarf, unit, &unit, NULL, NULL, &die, NULL) == 0) {
		if (is_go_unit(&die))
			read_unit(debuginfo, &die);
	}
	sort_variables(debuginfo);
	if (debuginfo->functions.count)
		qsort(debuginfo->functions.items, debuginfo->functions.count,
			sizeof(struct function_die), by_entry);
}

struct error *debuginfo_open(const struct executable *executable, struct debuginfo **ret)
{
	_cleanup_(cleanup_debuginfo) struct debuginfo *debuginfo = memory_alloc(sizeof(*debuginfo));

	debuginfo->executable = executable;
	debuginfo->lock = memory_alloc(sizeof(*debuginfo->lock));
	pthread_mutex_init(debuginfo->lock, NULL);
	if (executable->has_dwarf) {
		debuginfo->dwarf = dwarf_begin_elf(executable->names, DWARF_C_READ, NULL);
		if (!debuginfo->dwarf)
			return error_create(ERROR_FORMAT,
				"%s has DWARF that cannot be read (%s): is it compressed with zstd?",
				executable->names_path ? executable->names_path : executable->path,
				dwarf_errmsg(-1));
		read_units(debuginfo);
	}
	*ret = take_pointer(debuginfo);
	return NULL;
}

void debuginfo_destroy(struct debuginfo *debuginfo)
{
	if (!debuginfo)
		return;
	dwarf_end(debuginfo->dwarf);
	pthread_mutex_destroy(debuginfo->lock);
	free(debuginfo->lock);
	vec_deinit(&debuginfo->variables);
	vec_deinit(&debuginfo->functions);
	vec_deinit(&debuginfo->structs);
	vec_foreach (name, &debuginfo->names)
		free(*name);
	vec_deinit(&debuginfo->names);
	free(debuginfo);
}

void debuginfo_add_variables(
	struct debuginfo *debuginfo, const struct variable *variables, size_t count)
{
	for (size_t i = 0; i < count; i++)
		vec_push(&debuginfo->variables, variables[i]);
	sort_variables(debuginfo);
}

const char *debuginfo_keep_name(struct debuginfo *debuginfo, const char *name)
{
	vec_push(&debuginfo->names, memory_string(name));
	return *vec_last(&debuginfo->names);
}

const struct variable *debuginfo_variable(const struct debuginfo *debuginfo, addr_t address)
{
	size_t low = sorted_prefix(debuginfo->variables.items, debuginfo->variables.count, item,
		item->address <= address);

	if (!low)
		return NULL;
	const struct variable *variable = &debuginfo->variables.items[low - 1];

	return address - variable->address < MAX(variable->size, 1u) ? variable : NULL;
}

static void read_members(Dwarf_Die *die, struct die_type *type)
{
	Dwarf_Die child;
	Dwarf_Attribute attribute;

	if (dwarf_child(die, &child) != 0)
		return;
	do {
		if (dwarf_tag(&child) != DW_TAG_member || type->fields.count >= MAX_FIELDS)
			continue;
		vec_push(&type->fields,
			{.name = die_name(&child),
				.type = die_reference(&child, DW_AT_type),
				.offset = die_number(&child, DW_AT_data_member_location, 0),
				.embedded = die_attribute(
						    &child, DW_AT_go_embedded_field, &attribute) &&
					    die_number(&child, DW_AT_go_embedded_field, 0)});
	} while (dwarf_siblingof(&child, &child) == 0);
}

static uint64_t array_length(Dwarf_Die *die)
{
	Dwarf_Die child;

	if (dwarf_child(die, &child) != 0)
		return 0;
	do {
		if (dwarf_tag(&child) == DW_TAG_subrange_type)
			return die_number(&child, DW_AT_count, 0);
	} while (dwarf_siblingof(&child, &child) == 0);
	return 0;
}

static bool read_type(const struct debuginfo *debuginfo, die_t at, struct die_type *ret)
{
	Dwarf_Die die;

	if (!at || !debuginfo->dwarf || !dwarf_offdie(debuginfo->dwarf, at, &die))
		return false;
	const char *name = die_name(&die);
	if (!strip_typedefs(&die, true))
		return false;
	*ret = (struct die_type){
		.name = name,
		.size = type_size(debuginfo, at),
		.kind = (uint8_t)die_number(&die, DW_AT_go_kind, 0),
		.runtime_type = die_number(&die, DW_AT_go_runtime_type, 0),
		.elem = die_reference(&die, DW_AT_go_elem),
		.key = die_reference(&die, DW_AT_go_key),
	};
	if (dwarf_tag(&die) == DW_TAG_pointer_type && !ret->kind)
		ret->kind =
			KIND_POINTER; /* unsafe.Pointer has a kind, pointers of the runtime none */
	if (ret->kind == KIND_ARRAY)
		ret->length = array_length(&die);
	if (ret->kind == KIND_ARRAY || ret->kind == KIND_POINTER)
		ret->elem = die_reference(&die, DW_AT_type);
	if (dwarf_tag(&die) == DW_TAG_structure_type)
		read_members(&die, ret);
	return true;
}

bool debuginfo_type(const struct debuginfo *debuginfo, die_t at, struct die_type *ret)
{
	pthread_mutex_lock(debuginfo->lock);
	bool known = read_type(debuginfo, at, ret);
	pthread_mutex_unlock(debuginfo->lock);
	return known;
}

void die_type_deinit(struct die_type *type)
{
	vec_deinit(&type->fields);
}
