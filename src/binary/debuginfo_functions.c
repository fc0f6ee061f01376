/* What DWARF says of the variables of a function. */
#include "debuginfo.h"

#include <dwarf.h>

#include "die.h"
#include "sorted.h"

enum { MAX_PART = 1 << 20 /* bytes */ };

static bool find_function(const struct debuginfo *debuginfo, addr_t entry, Dwarf_Die *ret)
{
	size_t place = sorted_prefix(
		debuginfo->functions.items, debuginfo->functions.count, item, item->entry < entry);

	if (place == debuginfo->functions.count)
		return false;
	const struct function_die *found = &debuginfo->functions.items[place];
	return found->entry == entry && dwarf_offdie(debuginfo->dwarf, found->die, ret);
}

/* The offset from the frame address, as one expression says it; how many operations it takes, 0
 * when the place is not in the frame. */
static size_t get_frame_offset(const Dwarf_Op *ops, size_t count, int64_t *ret)
{
	if (!count)
		return 0;
	if (ops[0].atom == DW_OP_fbreg) {
		*ret = (int64_t)ops[0].number;
		return 1;
	}
	/* Go: DW_OP_call_frame_cfa, then consts and plus when it is not at 0. */
	if (ops[0].atom != DW_OP_call_frame_cfa)
		return 0;
	*ret = 0;
	if (count < 3 || ops[1].atom != DW_OP_consts || ops[2].atom != DW_OP_plus)
		return 1;
	*ret = (int64_t)ops[1].number;
	return 3;
}

struct locals {
	Dwarf_Addr pc;
	VEC(struct local) list;
};

/* A part that follows the last one, in the variable and in the frame, belongs to it. */
static void add_part(struct locals *locals, const struct local *part, size_t first)
{
	struct local *last = locals->list.count > first ? vec_last(&locals->list) : NULL;

	if (last && last->from + last->bytes == part->from &&
		last->offset + (int64_t)last->bytes == part->offset)
		last->bytes += part->bytes;
	else
		vec_push(&locals->list, *part);
}

static void read_parts(struct locals *locals, struct local local, const Dwarf_Op *ops, size_t count)
{
	size_t first = locals->list.count;

	for (size_t i = 0; i < count; i++) {
		size_t taken = get_frame_offset(ops + i, count - i, &local.offset);

		i += taken;
		while (i < count && ops[i].atom != DW_OP_piece) {
			taken = 0; /* in a register, or computed */
			i++;
		}
		if (i == count || ops[i].number > MAX_PART)
			return;
		local.bytes = ops[i].number;
		if (taken && local.bytes)
			add_part(locals, &local, first);
		local.from += local.bytes;
	}
}

static void read_place(struct locals *locals, Dwarf_Die *die, struct local local)
{
	Dwarf_Attribute attribute;
	Dwarf_Op *ops;
	size_t count;

	if (!die_location(die, &attribute) ||
		dwarf_getlocation_addr(&attribute, locals->pc, &ops, &count, 1) != 1 || !count)
		return;
	if (ops[count - 1].atom == DW_OP_piece) {
		read_parts(locals, local, ops, count);
		return;
	}
	local.bytes = LOCAL_WHOLE;
	if (get_frame_offset(ops, count, &local.offset) == count)
		vec_push(&locals->list, local);
}

static void read_locals(Dwarf_Die *parent, struct locals *locals, unsigned depth)
{
	Dwarf_Die child;

	if (depth > DIE_MAX_DEPTH || dwarf_child(parent, &child) != 0)
		return;
	do {
		int tag = dwarf_tag(&child);

		if (tag == DW_TAG_lexical_block || tag == DW_TAG_inlined_subroutine) {
			if (dwarf_haspc(&child, locals->pc) == 1)
				read_locals(&child, locals, depth + 1);
			continue;
		}
		if (tag != DW_TAG_variable && tag != DW_TAG_formal_parameter)
			continue;
		read_place(locals, &child,
			(struct local){
				.name = die_name(&child),
				.type = die_reference(&child, DW_AT_type),
				.parameter = tag == DW_TAG_formal_parameter,
			});
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
