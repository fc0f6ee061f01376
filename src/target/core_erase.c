#include "core_erase.h"

#include <string.h>
#include <sys/mman.h>

#include "bytes.h"

/* The first file is the core, the others are not written to. */
struct error *core_erase_allow(const struct target *target)
{
	const struct range_mapped *core = &target->files.items[0];

	if (mprotect(core->start, core->length, PROT_READ | PROT_WRITE) < 0)
		return error_system("cannot change the captured memory");
	return NULL;
}

/* A hole of the file stays one. */
void core_erase(const struct target *target, addr_t start, addr_t end)
{
	const uint8_t *bytes;
	size_t length;

	for (addr_t at = start; (bytes = target_next_captured(target, &at, end, &length));
		at += length) {
		target_note_use(target, bytes, length);
		if (!bytes_are_zero(bytes, length))
			memset((void *)(uintptr_t)bytes, 0, length);
	}
}
