#include "code_refs.h"

#include <string.h>

#include "bytes.h"

enum { MODRM_MASK = 0xc7, MODRM_RIP = 0x05 };

static struct code_refs *find(struct code_refs *refs, size_t count, addr_t address)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (refs[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low && address - refs[low - 1].address < refs[low - 1].size ? &refs[low - 1] : NULL;
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

static void look_through(const struct module *module, const uint8_t *code, size_t length,
	struct code_refs *refs, size_t count)
{
	addr_t low = refs[0].address, high = refs[count - 1].address + refs[count - 1].size;

	for (size_t at = 2; at + 4 <= length; at++) {
		if ((code[at - 1] & MODRM_MASK) != MODRM_RIP)
			continue;
		addr_t base = module->text + at + 4 + (addr_t)(int64_t)(int32_t)load_u32(code + at);

		if (base + 4 < low || base >= high)
			continue;
		static const unsigned immediates[] = {0, 1, 4};
		for (size_t i = 0; i < ARRAY_SIZE(immediates); i++) {
			struct code_refs *found = find(refs, count, base + immediates[i]);

			if (found)
				add_user(module, found, module->text + at);
		}
	}
}

void code_refs_find(const struct goruntime *runtime, struct code_refs *refs, size_t count)
{
	const struct module *module = &runtime->modules.list.items[0];
	size_t length = (size_t)(module->etext - module->text);
	const uint8_t *code = executable_view(runtime->executable, module->text, length);

	if (code && count)
		look_through(module, code, length, refs, count);
}
