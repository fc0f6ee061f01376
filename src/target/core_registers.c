#include "core_registers.h"

#include <stddef.h>
#include <sys/procfs.h>

#include "core_format.h"

/* What comes before the registers is the same on all 64-bit processors. */
enum {
	REGISTERS_AT = offsetof(struct elf_prstatus, pr_reg),
	AMD64_REGISTERS = 27,
	ARM64_GENERAL = 31,
	ARM64_SP = 31,
	ARM64_PC = 32,
	ARM64_REGISTERS = 34,
	BEHIND_REGISTERS = 8, /* pr_fpvalid */
};

static void parse_amd64(const uint8_t *from, struct registers *registers)
{
	registers->pc = load_u64(from + CORE_REGISTER_PC * 8);
	registers->sp = load_u64(from + CORE_REGISTER_SP * 8);
	registers->thread_pointer = load_u64(from + CORE_REGISTER_FS_BASE * 8);
	registers->general_count = ARRAY_SIZE(core_register_places);
	for (unsigned i = 0; i < ARRAY_SIZE(core_register_places); i++)
		registers->general[i] = load_u64(from + core_register_places[i] * 8);
}

static void parse_arm64(const uint8_t *from, struct registers *registers)
{
	registers->pc = load_u64(from + ARM64_PC * 8);
	registers->sp = load_u64(from + ARM64_SP * 8);
	registers->general_count = ARM64_GENERAL;
	for (unsigned i = 0; i < ARM64_GENERAL; i++)
		registers->general[i] = load_u64(from + i * 8);
}

bool core_registers_parse(enum processor processor, struct cursor status, struct target_thread *ret)
{
	static const struct {
		unsigned count;
		void (*parse)(const uint8_t *from, struct registers *registers);
	} forms[PROCESSOR_COUNT] = {
		[PROCESSOR_AMD64] = {AMD64_REGISTERS, parse_amd64},
		[PROCESSOR_ARM64] = {ARM64_REGISTERS, parse_arm64},
	};
	const uint8_t *from =
		cursor_take(&status, REGISTERS_AT + forms[processor].count * 8 + BEHIND_REGISTERS);

	if (!from)
		return false;
	*ret = (struct target_thread){
		.tid = (pid_t)load_u32(from + offsetof(struct elf_prstatus, pr_pid))};
	forms[processor].parse(from + REGISTERS_AT, &ret->registers);
	return true;
}
