#include "locate_code.h"

#include "bytes.h"
#include "code_arm64.h"

struct search {
	const struct goruntime *runtime;
	locate_test_fn *test;
	uint32_t inside;
	addr_t *found;
	size_t count, limit;
};

static bool is_known(const struct search *search, addr_t address)
{
	for (size_t i = 0; i < search->count; i++) {
		if (search->found[i] == address)
			return true;
	}
	return false;
}

static void offer(struct search *search, addr_t referred)
{
	const struct module *module = &search->runtime->modules.list.items[0];
	addr_t address = referred - search->inside;

	if (search->count < search->limit && address % 8 == 0 && module->noptrdata <= address &&
		address < module->end && !is_known(search, address) &&
		search->test(search->runtime, address))
		search->found[search->count++] = address;
}

/* rip-relative: a 32-bit displacement that may be followed by an immediate of 1 or 4 bytes. */
static void search_amd64(
	struct search *search, const struct function *function, const uint8_t *code)
{
	static const unsigned trailing[] = {0, 1, 4};
	size_t length = (size_t)(function->end - function->entry);

	for (size_t at = 0; at + 4 <= length && search->count < search->limit; at++) {
		for (size_t i = 0; i < ARRAY_SIZE(trailing); i++)
			offer(search, function->entry + at + 4 + trailing[i] +
					      (addr_t)(int64_t)(int32_t)load_u32(code + at));
	}
}

static void search_arm64(
	struct search *search, const struct function *function, const uint8_t *code)
{
	size_t length = (size_t)(function->end - function->entry);
	struct code_reference reference;

	for (size_t at = 0; at + ARM64_REFERENCE <= length; at += ARM64_INSTRUCTION) {
		if (code_arm64_reference(code + at, function->entry + at, &reference))
			offer(search, reference.address);
	}
}

size_t locate_in_function(const struct goruntime *runtime, const char *name, locate_test_fn *test,
	uint32_t inside, addr_t *ret, size_t limit)
{
	const struct module *module = &runtime->modules.list.items[0];
	struct search search = {runtime, test, inside, ret, 0, limit};
	struct function function;

	if (!pclntab_find_name(&module->functions, name, &function))
		return 0;
	const uint8_t *code = executable_view(
		runtime->executable, function.entry, (size_t)(function.end - function.entry));
	if (!code)
		return 0;
	if (runtime->layout.processor == PROCESSOR_ARM64)
		search_arm64(&search, &function, code);
	else
		search_amd64(&search, &function, code);
	return search.count;
}
