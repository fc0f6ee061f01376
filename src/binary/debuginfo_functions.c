/* What DWARF says of the variables of a function. */
#include "debuginfo.h"

#include <dwarf.h>

#include "die.h"
#include "sorted.h"

static bool find_function(const struct debuginfo *debuginfo, addr_t entry, Dwarf_Die *ret)
{
	size_t place = sorted_prefix(
		debuginfo->functions.items, debuginfo->functions.count, item, item->entry < entry);

	if (place == debuginfo->functions.count)
		return false;
	const struct function_die *found = &debuginfo->functions.items[place];
	return found->entry == entry && dwarf_offdie(debuginfo->dwarf, found->die, ret);
}

/* The offset from the frame address of a variable that is in the frame at pc (of the file). */
static bool get_frame_offset(Dwarf_Die *die, Dwarf_Addr pc, int64_t *ret)
{
	Dwarf_Attribute attribute;
	Dwarf_Op *ops;
	size_t count;

	if (!die_location(die, &attribute) ||
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

struct locals {
	Dwarf_Addr pc;
	VEC(struct local) list;
};

static void read_locals(Dwarf_Die *parent, struct locals *locals, unsigned depth)
{
	Dwarf_Die child;

	if (depth > DIE_MAX_DEPTH || dwarf_child(parent, &child) != 0)
		return;
	do {
		int tag = dwarf_tag(&child);
		struct local local = {.parameter = tag == DW_TAG_formal_parameter};

		if (tag == DW_TAG_lexical_block || tag == DW_TAG_inlined_subroutine) {
			if (dwarf_haspc(&child, locals->pc) == 1)
				read_locals(&child, locals, depth + 1);
			continue;
		}
		if ((tag != DW_TAG_variable && tag != DW_TAG_formal_parameter) ||
			!get_frame_offset(&child, locals->pc, &local.offset))
			continue;
		local.name = die_name(&child);
		local.type = die_reference(&child, DW_AT_type);
		vec_push(&locals->list, local);
	} while (dwarf_siblingof(&child, &child) == 0);
}

/* Whoever is told of them may ask for their types, and so not while this thread has its turn. */
void debuginfo_locals(
	const struct debuginfo *debuginfo, addr_t entry, addr_t pc, local_fn *visit, void *context)
{
	struct locals locals = {.pc = pc - debuginfo->executable->bias};
	Dwarf_Die die;

	pthread_mutex_lock(debuginfo->lock);
	if (find_function(debuginfo, entry, &die))
		read_locals(&die, &locals, 0);
	pthread_mutex_unlock(debuginfo->lock);
	vec_foreach (local, &locals.list)
		visit(context, local);
	vec_deinit(&locals.list);
}

struct captures {
	VEC(struct capture_field) list;
};

static void read_captures(Dwarf_Die *function, struct captures *captures)
{
	Dwarf_Die child;

	if (dwarf_child(function, &child) != 0)
		return;
	do {
		if (dwarf_tag(&child) == DW_TAG_variable)
			vec_push(&captures->list,
				{.name = die_name(&child),
					.offset = die_number(&child, DW_AT_go_closure_offset, 0),
					.type = die_reference(&child, DW_AT_type)});
	} while (dwarf_siblingof(&child, &child) == 0);
}

void debuginfo_captures(
	const struct debuginfo *debuginfo, addr_t entry, capture_fn *visit, void *context)
{
	struct captures captures = {0};
	Dwarf_Die die;

	pthread_mutex_lock(debuginfo->lock);
	if (find_function(debuginfo, entry, &die))
		read_captures(&die, &captures);
	pthread_mutex_unlock(debuginfo->lock);
	vec_foreach (field, &captures.list)
		visit(context, field);
	vec_deinit(&captures.list);
}
