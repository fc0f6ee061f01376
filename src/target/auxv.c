#include "auxv.h"

#include <elf.h>
#include <string.h>

#include "bytes.h"

enum { ENTRY_SIZE = sizeof(Elf64_auxv_t) };

void auxv_keep(struct target *target, const uint8_t *bytes, size_t length)
{
	length = MIN(length, (size_t)AUXV_MAX_BYTES) / ENTRY_SIZE * ENTRY_SIZE;
	free(target->auxv);
	target->auxv = memory_alloc(length + 1);
	target->auxv_length = length;
	memcpy(target->auxv, bytes, length);
	for (size_t at = 0; at < length; at += ENTRY_SIZE) {
		uint64_t type = load_u64(bytes + at), value = load_u64(bytes + at + 8);

		if (type == AT_ENTRY)
			target->entry = value;
		if (type == AT_PHDR)
			target->program_headers = value;
		if (type == AT_RANDOM)
			target->random = value;
	}
}
