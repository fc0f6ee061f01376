/* What silt's core files have beside the standard notes.
 *
 * Notes of owner "SILT":
 *   facts: lines "key=value" of text, of struct capture_facts. Unknown keys are to be ignored.
 *   pieces: memory that is smaller than a page, as {address u64, length u64, bytes, padding
 *   to 8}.
 *   residency: u64 of rss_bytes, and of the count of mappings; {start, end, bytes} of each; their
 *   names, each with a NUL; padding to 8; {start, end} of each range of pages.
 * The garbage collector keeps marks at the end of pages whose objects hold no pointers;
 * the marks are kept, the objects are not. The standard ones are those of the kernel
 * (fs/binfmt_elf.c): NT_PRSTATUS per thread, NT_PRPSINFO, NT_AUXV, NT_FILE.
 */
#pragma once

#include <stdint.h>

#define SILT_NOTE_OWNER "SILT"

enum {
	SILT_NOTE_FACTS = 0x53494c01, /* not 1 and 2: delve and gdb do not look at the owner */
	SILT_NOTE_PIECES = 0x53494c02,
	SILT_NOTE_RESIDENCY = 0x53494c03,
};

enum { CORE_DATA_OFFSET = 4096 }; /* of the memory, which comes first */
