#include "idle_sites.h"

#include <string.h>
#include <sys/syscall.h>

#include "bytes.h"

enum {
	CODE_MAX = 512, /* bytes of a function that are looked at */
};

/* MOVL $number, AX */
enum { MOV_EAX_LENGTH = 5, OPCODE_MOV_EAX = 0xb8 };

static const uint8_t syscall_code[] = {0x0f, 0x05};

/* What has to follow the system call: its result is stored and the function returns (futex), or it
 * is thrown away (usleep). No other register is read. */
static const uint8_t futex_end[] = {0x89, 0x44, 0x24, 0x30, 0xc3}; /* MOVL AX, 48(SP); RET */
static const uint8_t usleep_end[] = {
	0x48, 0x83, 0xc4, 0x10, 0x5d, 0xc3}; /* ADDQ $16, SP; POPQ BP; RET */

struct code {
	addr_t entry;
	const uint8_t *bytes;
	size_t length;
};

static bool code_of(
	const struct goruntime *runtime, const struct function *function, struct code *ret)
{
	ret->entry = function->entry;
	ret->length = MIN((size_t)(function->end - function->entry), (size_t)CODE_MAX);
	ret->bytes = executable_view(runtime->executable, function->entry, ret->length);
	return ret->bytes != NULL;
}

static bool has(const struct code *code, size_t at, const uint8_t *bytes, size_t length)
{
	return at + length <= code->length && !memcmp(code->bytes + at, bytes, length);
}

/* The `syscall` of a function that is made with a number, followed by `end`. */
static void add_site(const struct code *code, long number, const uint8_t *end, size_t end_length,
	struct idle_sites *sites)
{
	for (size_t at = MOV_EAX_LENGTH; at < code->length; at++) {
		if (!has(code, at, syscall_code, sizeof(syscall_code)) ||
			code->bytes[at - MOV_EAX_LENGTH] != OPCODE_MOV_EAX ||
			load_u32(code->bytes + at - MOV_EAX_LENGTH + 1) != (uint32_t)number ||
			!has(code, at + sizeof(syscall_code), end, end_length) ||
			sites->count == IDLE_SITES_MAX)
			continue;
		sites->list[sites->count++] = (struct idle_site){
			.pc = code->entry + at + sizeof(syscall_code), .number = number};
	}
}

/* MOVL $SYS_exit_group, AX; SYSCALL. */
static void find_exit(const struct code *code, addr_t *ret)
{
	for (size_t at = 0; at + MOV_EAX_LENGTH < code->length; at++) {
		if (code->bytes[at] == OPCODE_MOV_EAX &&
			load_u32(code->bytes + at + 1) == SYS_exit_group &&
			has(code, at + MOV_EAX_LENGTH, syscall_code, sizeof(syscall_code)))
			*ret = code->entry + at;
	}
}

/* A function may be there twice, once as a wrapper for the other calling convention. */
static void look_into(
	const struct goruntime *runtime, const struct function *function, struct capture_plan *plan)
{
	bool futex = !strcmp(function->name, "runtime.futex");
	bool usleep = !strcmp(function->name, "runtime.usleep");
	bool exit_function = !strcmp(function->name, "runtime.exit");
	struct code code;

	if (!(futex || usleep || exit_function) || !code_of(runtime, function, &code))
		return;
	if (futex)
		add_site(&code, SYS_futex, futex_end, sizeof(futex_end), &plan->idle_sites);
	else if (usleep)
		add_site(&code, SYS_nanosleep, usleep_end, sizeof(usleep_end), &plan->idle_sites);
	else
		find_exit(&code, &plan->exit_call);
}

/* Behind the end of the data segment, up to the end of its last page. */
static void find_scratch(const struct goruntime *runtime, struct capture_plan *plan)
{
	addr_t end = executable_data_end(runtime->executable);
	addr_t start = (end + CAPTURE_SCRATCH - 1) & ~(addr_t)(CAPTURE_SCRATCH - 1);
	const struct mapping *mapping = target_mapping(runtime->target, start);

	if (!end || start + CAPTURE_SCRATCH > page_up(end) || !mapping || mapping->shared ||
		!(mapping->protection & PROTECTION_WRITE))
		return;
	plan->scratch = start;
}

void idle_sites_find(const struct goruntime *runtime, struct capture_plan *plan)
{
	const struct pclntab *functions = &runtime->modules.list.items[0].functions;
	struct function function;

	for (uint32_t i = 0; i < functions->function_count; i++) {
		if (pclntab_function(functions, i, &function))
			look_into(runtime, &function, plan);
	}
	find_scratch(runtime, plan);
}
