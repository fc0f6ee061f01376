#include "debuginfo.h"

#include "sorted.h"

#include <dwarf.h>
#include <string.h>

/* Attributes of Go's own: cmd/internal/dwarf/dwarf.go. */
enum {
	DW_AT_go_kind = 0x2900,
	DW_AT_go_key = 0x2901,
	DW_AT_go_elem = 0x2902,
	DW_AT_go_embedded_field = 0x2903,
	DW_AT_go_runtime_type = 0x2904,
	DW_AT_go_closure_offset = 0x2907,
};

enum {
	MAX_FIELDS = 1 << 16,
	MAX_DEPTH = 64, /* of lexical blocks */
	KIND_ARRAY = 17,
	KIND_POINTER = 22,
};

static bool get_attribute(Dwarf_Die *die, unsigned name, Dwarf_Attribute *ret)
{
	return dwarf_attr_integrate(die, name, ret) != NULL;
}

static uint64_t get_number(Dwarf_Die *die, unsigned name, uint64_t otherwise)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;
	Dwarf_Addr address;

	if (!get_attribute(die, name, &attribute))
		return otherwise;
	/* go_runtime_type is an offset in the form of an address. */
	if (dwarf_formudata(&attribute, &value) == 0)
		return value;
	if (dwarf_formaddr(&attribute, &address) == 0)
		return address;
	return otherwise;
}

static die_t get_reference(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attribute;
	Dwarf_Die target;

	if (!get_attribute(die, name, &attribute) || !dwarf_formref_die(&attribute, &target))
		return 0;
	return dwarf_dieoffset(&target);
}

static const char *get_name(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	const char *name =
		get_attribute(die, DW_AT_name, &attribute) ? dwarf_formstring(&attribute) : NULL;

	return name ? name : "";
}

/* Go writes locations as DW_FORM_block1, also in DWARF 4 and 5, where libdw wants exprloc. The
 * bytes are the same. */
static bool get_location(Dwarf_Die *die, Dwarf_Attribute *ret)
{
	if (!get_attribute(die, DW_AT_location, ret))
		return false;
	if (ret->form == DW_FORM_block1)
		ret->form = DW_FORM_exprloc;
	return true;
}

/* A variable whose location is one address. */
static bool get_static_address(Dwarf_Die *die, addr_t *ret)
{
	Dwarf_Attribute attribute, indexed;
	Dwarf_Op *ops;
	size_t count;
	Dwarf_Addr address;

	if (!get_location(die, &attribute) || dwarf_getlocation(&attribute, &ops, &count) != 0 ||
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

	for (unsigned i = 0; i < MAX_DEPTH && dwarf_tag(die) == DW_TAG_typedef; i++) {
		if (to_kind && dwarf_attr(die, DW_AT_go_kind, &attribute) &&
			get_number(die, DW_AT_go_kind, 0))
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
	die_t type = get_reference(die, DW_AT_type);
	vec_push(&debuginfo->variables, {.address = address + debuginfo->executable->bias,
						.size = type_size(debuginfo, type),
						.name = get_name(die),
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
	const char *name = get_name(die);

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
			{.name = get_name(&child),
				.type = get_reference(&child, DW_AT_type),
				.offset = get_number(&child, DW_AT_data_member_location, 0),
				.embedded = get_attribute(
						    &child, DW_AT_go_embedded_field, &attribute) &&
					    get_number(&child, DW_AT_go_embedded_field, 0)});
	} while (dwarf_siblingof(&child, &child) == 0);
}

static uint64_t array_length(Dwarf_Die *die)
{
	Dwarf_Die child;

	if (dwarf_child(die, &child) != 0)
		return 0;
	do {
		if (dwarf_tag(&child) == DW_TAG_subrange_type)
			return get_number(&child, DW_AT_count, 0);
	} while (dwarf_siblingof(&child, &child) == 0);
	return 0;
}

bool debuginfo_type(const struct debuginfo *debuginfo, die_t at, struct die_type *ret)
{
	Dwarf_Die die;

	if (!at || !debuginfo->dwarf || !dwarf_offdie(debuginfo->dwarf, at, &die))
		return false;
	const char *name = get_name(&die);
	if (!strip_typedefs(&die, true))
		return false;
	*ret = (struct die_type){
		.name = name,
		.size = type_size(debuginfo, at),
		.kind = (uint8_t)get_number(&die, DW_AT_go_kind, 0),
		.runtime_type = get_number(&die, DW_AT_go_runtime_type, 0),
		.elem = get_reference(&die, DW_AT_go_elem),
		.key = get_reference(&die, DW_AT_go_key),
	};
	if (dwarf_tag(&die) == DW_TAG_pointer_type && !ret->kind)
		ret->kind =
			KIND_POINTER; /* unsafe.Pointer has a kind, pointers of the runtime none */
	if (ret->kind == KIND_ARRAY)
		ret->length = array_length(&die);
	if (ret->kind == KIND_ARRAY || ret->kind == KIND_POINTER)
		ret->elem = get_reference(&die, DW_AT_type);
	if (dwarf_tag(&die) == DW_TAG_structure_type)
		read_members(&die, ret);
	return true;
}

void die_type_deinit(struct die_type *type)
{
	vec_deinit(&type->fields);
}

static bool find_function(const struct debuginfo *debuginfo, addr_t entry, Dwarf_Die *ret)
{
	const struct function_die wanted = {.entry = entry};
	const struct function_die *found =
		debuginfo->functions.count
			? bsearch(&wanted, debuginfo->functions.items, debuginfo->functions.count,
				  sizeof(wanted), by_entry)
			: NULL;

	return found && dwarf_offdie(debuginfo->dwarf, found->die, ret);
}

/* The offset from the frame address of a variable that is in the frame at pc (of the file). */
static bool get_frame_offset(Dwarf_Die *die, Dwarf_Addr pc, int64_t *ret)
{
	Dwarf_Attribute attribute;
	Dwarf_Op *ops;
	size_t count;

	if (!get_location(die, &attribute) ||
		dwarf_getlocation_addr(&attribute, pc, &ops, &count, 1) != 1 || !count)
		return false;
	if (ops[0].atom == DW_OP_fbreg) {
		*ret = (int64_t)ops[0].number;
		return count == 1 || ops[1].atom == DW_OP_piece;
	}
	/* Go: DW_OP_call_frame_cfa, then consts and plus when it is not at 0. */
	if (ops[0].atom != DW_OP_call_frame_cfa)
		return false;
	if (count == 1) {
		*ret = 0;
		return true;
	}
	if (count == 3 && ops[1].atom == DW_OP_consts && ops[2].atom == DW_OP_plus) {
		*ret = (int64_t)ops[1].number;
		return true;
	}
	return false;
}

struct local_walk {
	Dwarf_Addr pc;
	local_fn *visit;
	void *context;
};

static void visit_locals(Dwarf_Die *parent, const struct local_walk *walk, unsigned depth)
{
	Dwarf_Die child;

	if (depth > MAX_DEPTH || dwarf_child(parent, &child) != 0)
		return;
	do {
		int tag = dwarf_tag(&child);
		struct local local = {.parameter = tag == DW_TAG_formal_parameter};

		if (tag == DW_TAG_lexical_block || tag == DW_TAG_inlined_subroutine) {
			if (dwarf_haspc(&child, walk->pc) == 1)
				visit_locals(&child, walk, depth + 1);
			continue;
		}
		if ((tag != DW_TAG_variable && tag != DW_TAG_formal_parameter) ||
			!get_frame_offset(&child, walk->pc, &local.offset))
			continue;
		local.name = get_name(&child);
		local.type = get_reference(&child, DW_AT_type);
		walk->visit(walk->context, &local);
	} while (dwarf_siblingof(&child, &child) == 0);
}

void debuginfo_locals(
	const struct debuginfo *debuginfo, addr_t entry, addr_t pc, local_fn *visit, void *context)
{
	Dwarf_Die die;
	struct local_walk walk = {pc - debuginfo->executable->bias, visit, context};

	if (find_function(debuginfo, entry, &die))
		visit_locals(&die, &walk, 0);
}

void debuginfo_captures(
	const struct debuginfo *debuginfo, addr_t entry, capture_fn *visit, void *context)
{
	Dwarf_Die die, child;

	if (!find_function(debuginfo, entry, &die) || dwarf_child(&die, &child) != 0)
		return;
	do {
		if (dwarf_tag(&child) != DW_TAG_variable)
			continue;
		const struct capture_field field = {
			.name = get_name(&child),
			.offset = get_number(&child, DW_AT_go_closure_offset, 0),
			.type = get_reference(&child, DW_AT_type),
		};

		visit(context, &field);
	} while (dwarf_siblingof(&child, &child) == 0);
}
