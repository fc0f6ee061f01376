/* The registers of a thread in a core file: note NT_PRSTATUS, struct elf_prstatus of each
 * processor.
 *
 * Sources: Linux, include/linux/elfcore.h (elf_prstatus), arch/x86/include/asm/user_64.h
 * (user_regs_struct), arch/arm64/include/uapi/asm/ptrace.h (user_pt_regs: x0 to x30, sp, pc,
 * pstate).
 */
#pragma once

#include "bytes.h"
#include "target.h"

/* False: the note is too short. The thread pointer of arm64 is in a note of its own (NT_ARM_TLS).
 */
bool core_registers_parse(
	enum processor processor, struct cursor status, struct target_thread *ret);

enum { CORE_STATUS_MAX_BYTES = 512 };

/* Makes such a note for a thread. Returns its length; what silt does not know is 0 in it. */
size_t core_registers_put(enum processor processor, const struct target_thread *thread,
	pid_t process, uint8_t ret[CORE_STATUS_MAX_BYTES]);
