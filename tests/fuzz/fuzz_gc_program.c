/* The first two bytes say how many words are wanted; the rest is the program. */
#include "bytes.h"
#include "fuzz.h"
#include "gc_program.h"

enum { AT = 0x10000 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct target *target = target_create(TARGET_CORE);

	if (length >= 2) {
		target_add_segment(target, AT, length - 2, bytes + 2);
		target_freeze_segments(target);
		free(gc_program_run(target, AT, load_u16(bytes)));
	}
	target_destroy(target);
	return 0;
}
