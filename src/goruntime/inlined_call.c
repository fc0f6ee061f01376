#include "inlined_call.h"

bool inlined_call_leave(const struct goruntime *runtime, const struct module *module,
	const struct function *function, addr_t *pc)
{
	const struct layout *layout = &runtime->layout;
	struct reader reader = reader_over(runtime->target);
	addr_t tree = pclntab_funcdata(&module->functions, function, FUNCDATA_INLINE_TREE);
	int32_t index = pclntab_pcdata(&module->functions, function, PCDATA_INLINE_TREE_INDEX, *pc);

	if (!tree || index < 0)
		return false;
	uint64_t parent = read_field(&reader, tree + (addr_t)index * layout->inlined_call.size,
		layout->inlined_call.parent_pc);
	if (reader.failed || parent >= function->end - function->entry)
		return false;
	*pc = function->entry + parent;
	return true;
}

addr_t inlined_call_pc(const struct goruntime *runtime, const struct module *module,
	const struct function *function, addr_t pc)
{
	for (unsigned i = 0; i < DEEPEST_INLINING; i++) {
		if (!inlined_call_leave(runtime, module, function, &pc))
			break;
	}
	return pc;
}

const char *inlined_call_name(const struct goruntime *runtime, const struct module *module,
	const struct function *function, addr_t pc)
{
	const struct layout *layout = &runtime->layout;
	struct reader reader = reader_over(runtime->target);
	addr_t tree = pclntab_funcdata(&module->functions, function, FUNCDATA_INLINE_TREE);
	int32_t index = pclntab_pcdata(&module->functions, function, PCDATA_INLINE_TREE_INDEX, pc);

	if (!tree || index < 0)
		return function->name;
	uint32_t offset = (uint32_t)read_field(&reader,
		tree + (addr_t)index * layout->inlined_call.size, layout->inlined_call.name);
	const char *name = reader.failed ? NULL : pclntab_name(&module->functions, offset);
	return name ? name : function->name;
}
