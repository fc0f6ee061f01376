#include "core_registers.h"

#include <stddef.h>
#include <string.h>
#include <sys/procfs.h>

/* What comes before the registers is the same on all 64-bit processors. Places are counted in
 * registers. */
enum {
	REGISTERS_AT = offsetof(struct elf_prstatus, pr_reg),
	AMD64_PC = 16,
	AMD64_SP = 19,
	AMD64_FS_BASE = 21,
	AMD64_REGISTERS = 27,
	ARM64_GENERAL = 31,
	ARM64_SP = 31,
	ARM64_PC = 32,
	ARM64_REGISTERS = 34,
	BEHIND_REGISTERS = 8, /* pr_fpvalid */
};

/* rax rbx rcx rdx rsi rdi rbp r8 r9 r10 r11 r12 r13 r14 r15 */
static const uint8_t amd64_general[15] = {10, 5, 11, 12, 13, 14, 4, 9, 8, 7, 6, 3, 2, 1, 0};

static void parse_amd64(const uint8_t *from, struct registers *registers)
{
	registers->pc = load_u64(from + AMD64_PC * 8);
	registers->sp = load_u64(from + AMD64_SP * 8);
	registers->thread_pointer = load_u64(from + AMD64_FS_BASE * 8);
	registers->general_count = ARRAY_SIZE(amd64_general);
	for (unsigned i = 0; i < ARRAY_SIZE(amd64_general); i++)
		registers->general[i] = load_u64(from + amd64_general[i] * 8);
}

static void parse_arm64(const uint8_t *from, struct registers *registers)
{
	registers->pc = load_u64(from + ARM64_PC * 8);
	registers->sp = load_u64(from + ARM64_SP * 8);
	registers->general_count = ARM64_GENERAL;
	for (unsigned i = 0; i < ARM64_GENERAL; i++)
		registers->general[i] = load_u64(from + i * 8);
}

static void put_amd64(const struct registers *registers, uint8_t *to)
{
	store_u64(to + AMD64_PC * 8, registers->pc);
	store_u64(to + AMD64_SP * 8, registers->sp);
	store_u64(to + AMD64_FS_BASE * 8, registers->thread_pointer);
	for (unsigned i = 0; i < ARRAY_SIZE(amd64_general); i++)
		store_u64(to + amd64_general[i] * 8, registers->general[i]);
}

static void put_arm64(const struct registers *registers, uint8_t *to)
{
	store_u64(to + ARM64_PC * 8, registers->pc);
	store_u64(to + ARM64_SP * 8, registers->sp);
	for (unsigned i = 0; i < ARM64_GENERAL; i++)
		store_u64(to + i * 8, registers->general[i]);
}

static const struct {
	unsigned count;
	void (*parse)(const uint8_t *from, struct registers *registers);
	void (*put)(const struct registers *registers, uint8_t *to);
} forms[PROCESSOR_COUNT] = {
	[PROCESSOR_AMD64] = {AMD64_REGISTERS, parse_amd64, put_amd64},
	[PROCESSOR_ARM64] = {ARM64_REGISTERS, parse_arm64, put_arm64},
};

static size_t status_bytes(enum processor processor)
{
	return REGISTERS_AT + forms[processor].count * 8 + BEHIND_REGISTERS;
}

bool core_registers_parse(enum processor processor, struct cursor status, struct target_thread *ret)
{
	const uint8_t *from = cursor_take(&status, status_bytes(processor));

	if (!from)
		return false;
	*ret = (struct target_thread){
		.tid = (pid_t)load_u32(from + offsetof(struct elf_prstatus, pr_pid))};
	forms[processor].parse(from + REGISTERS_AT, &ret->registers);
	return true;
}

size_t core_registers_put(enum processor processor, const struct target_thread *thread,
	pid_t process, uint8_t ret[CORE_STATUS_MAX_BYTES])
{
	memset(ret, 0, CORE_STATUS_MAX_BYTES);
	store_u32(ret + offsetof(struct elf_prstatus, pr_pid), (uint32_t)thread->tid);
	store_u32(ret + offsetof(struct elf_prstatus, pr_ppid), (uint32_t)process);
	forms[processor].put(&thread->registers, ret + REGISTERS_AT);
	return status_bytes(processor);
}
