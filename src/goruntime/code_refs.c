#include "code_refs.h"

#include <string.h>

#include "bytes.h"
#include "code_arm64.h"
#include "sorted.h"

enum {
	MODRM_MASK = 0xc7,
	MODRM_RIP = 0x05,
	OPCODE_LEA = 0x8d,
	REX_MASK = 0xfb, /* but for REX.R, the high bit of the register */
	REX_W = 0x48,
};

/* The first that ends behind an address. */
static size_t first_behind(const struct code_refs *refs, size_t count, addr_t address)
{
	return sorted_prefix(refs, count, item, item->address + item->size <= address);
}

static void add_user(const struct module *module, struct code_refs *refs, addr_t pc)
{
	struct function function;

	if (refs->count >= CODE_REFS_MAX || !pclntab_find(&module->functions, pc, &function))
		return;
	for (unsigned i = 0; i < refs->count; i++) {
		if (refs->users[i].entry == function.entry)
			return;
	}
	refs->users[refs->count++] = function;
}

/* Users of a nearer address take the place of those of one further away. */
static void refer(const struct module *module, struct code_refs *refs, addr_t base, addr_t pc)
{
	if (refs->count && base < refs->base)
		return;
	if (base > refs->base)
		refs->count = 0;
	refs->base = base;
	add_user(module, refs, pc);
}

/* Looks among variables for what an instruction refers to. */
struct lookup {
	const struct module *module;
	struct code_refs *refs;
	size_t count;
};

static void look_up(const struct lookup *lookup, addr_t address, addr_t pc)
{
	size_t place = first_behind(lookup->refs, lookup->count, address);

	if (place < lookup->count && lookup->refs[place].address <= address)
		refer(lookup->module, &lookup->refs[place], lookup->refs[place].address, pc);
}

static void look_up_struct(const struct lookup *lookup, addr_t address, addr_t pc)
{
	for (size_t i = first_behind(lookup->refs, lookup->count, address);
		i < lookup->count && lookup->refs[i].address < address + STRUCT_REACH; i++)
		refer(lookup->module, &lookup->refs[i], MIN(address, lookup->refs[i].address), pc);
}

/* Does the ModRM byte at a place belong to LEA with a 64-bit operand? */
static bool is_lea(const uint8_t *code, size_t modrm)
{
	return modrm >= 2 && code[modrm - 1] == OPCODE_LEA && (code[modrm - 2] & REX_MASK) == REX_W;
}

static void look_through_amd64(const struct lookup *lookup, const uint8_t *code, size_t length)
{
	static const unsigned immediates[] = {0, 1, 4};
	const struct code_refs *first = &lookup->refs[0], *last = &lookup->refs[lookup->count - 1];
	addr_t low = first->address - STRUCT_REACH, high = last->address + last->size;

	for (size_t at = 2; at + 4 <= length; at++) {
		if ((code[at - 1] & MODRM_MASK) != MODRM_RIP)
			continue;
		addr_t pc = lookup->module->text + at;
		addr_t base = pc + 4 + (addr_t)(int64_t)(int32_t)load_u32(code + at);

		if (base < low || base >= high)
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(immediates); i++)
			look_up(lookup, base + immediates[i], pc);
		if (is_lea(code, at - 1))
			look_up_struct(lookup, base, pc);
	}
}

static void look_through_arm64(const struct lookup *lookup, const uint8_t *code, size_t length)
{
	struct code_reference reference;

	for (size_t at = 0; at + ARM64_REFERENCE <= length; at += ARM64_INSTRUCTION) {
		addr_t pc = lookup->module->text + at;

		if (!code_arm64_reference(code + at, pc, &reference))
			continue;
		look_up(lookup, reference.address, pc);
		if (reference.taken)
			look_up_struct(lookup, reference.address, pc);
	}
}

void code_refs_find(const struct goruntime *runtime, struct code_refs *refs, size_t count)
{
	const struct module *module = &runtime->modules.list.items[0];
	size_t length = (size_t)(module->etext - module->text);
	const uint8_t *code = executable_view(runtime->executable, module->text, length);

	const struct lookup lookup = {module, refs, count};

	if (!code || !count)
		return;
	if (runtime->layout.processor == PROCESSOR_ARM64)
		look_through_arm64(&lookup, code, length);
	else
		look_through_amd64(&lookup, code, length);
}

static void visit_amd64(
	addr_t entry, const uint8_t *code, size_t length, code_address_fn *visit, void *context)
{
	static const unsigned immediates[] = {0, 1, 4};

	for (size_t at = 2; at + 4 <= length; at++) {
		if ((code[at - 1] & MODRM_MASK) != MODRM_RIP)
			continue;
		addr_t base = entry + at + 4 + (addr_t)(int64_t)(int32_t)load_u32(code + at);

		for (size_t i = 0; i < ARRAY_SIZE(immediates); i++)
			visit(context, base + immediates[i]);
	}
}

static void visit_arm64(
	addr_t entry, const uint8_t *code, size_t length, code_address_fn *visit, void *context)
{
	struct code_reference reference;

	for (size_t at = 0; at + ARM64_REFERENCE <= length; at += ARM64_INSTRUCTION) {
		if (code_arm64_reference(code + at, entry + at, &reference))
			visit(context, reference.address);
	}
}

void code_refs_of_function(const struct goruntime *runtime, const struct function *function,
	code_address_fn *visit, void *context)
{
	size_t length = (size_t)(function->end - function->entry);
	const uint8_t *code = executable_view(runtime->executable, function->entry, length);

	if (!code)
		return;
	if (runtime->layout.processor == PROCESSOR_ARM64)
		visit_arm64(function->entry, code, length, visit, context);
	else
		visit_amd64(function->entry, code, length, visit, context);
}
