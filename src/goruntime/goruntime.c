#include "goruntime.h"

#include "locate.h"

struct error *goruntime_open_with(const struct target *target, const struct executable *executable,
	const struct layout *layout, struct goruntime **ret)
{
	_cleanup_(cleanup_goruntime) struct goruntime *runtime = memory_alloc(sizeof(*runtime));

	runtime->target = target;
	runtime->executable = executable;
	runtime->layout = *layout;
	TRY(executable_check_belongs(executable, target));
	TRY(modules_find(target, executable, &runtime->layout, &runtime->modules));
	symbols_read(executable, &runtime->symbols);
	TRY(locate_globals(runtime));
	*ret = take_pointer(runtime);
	return NULL;
}

struct error *goruntime_open(
	const struct target *target, const struct executable *executable, struct goruntime **ret)
{
	struct layout layout;

	TRY(error_context(
		layout_for_version(executable->go_version, executable->processor, &layout), "%s",
		executable->path));
	return goruntime_open_with(target, executable, &layout, ret);
}

void goruntime_destroy(struct goruntime *runtime)
{
	if (!runtime)
		return;
	modules_deinit(&runtime->modules);
	symbols_deinit(&runtime->symbols);
	free(runtime);
}

bool goruntime_function(const struct goruntime *runtime, addr_t pc,
	const struct module **ret_module, struct function *ret)
{
	const struct module *module = modules_of_text(&runtime->modules, pc);

	if (!module || !pclntab_find(&module->functions, pc, ret))
		return false;
	if (ret_module)
		*ret_module = module;
	return true;
}

bool goruntime_function_at(const struct goruntime *runtime, addr_t entry, struct function *ret)
{
	struct function function;

	if (!goruntime_function(runtime, entry, NULL, &function) || function.entry != entry)
		return false;
	*ret = function;
	return true;
}

addr_t goruntime_function_of_value(const struct goruntime *runtime, addr_t value)
{
	struct reader reader = reader_over(runtime->target);
	addr_t entry = value ? reader_u64(&reader, value) : 0;
	struct function function;

	return !reader.failed && goruntime_function_at(runtime, entry, &function) ? entry : 0;
}
