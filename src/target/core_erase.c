#include "core_erase.h"

#include <string.h>
#include <sys/mman.h>

/* The first file is the core, the others are not written to. */
struct error *core_erase_allow(const struct target *target)
{
	const struct range_mapped *core = &target->files.items[0];

	if (mprotect(core->start, core->length, PROT_READ | PROT_WRITE) < 0)
		return error_system("cannot change the captured memory");
	return NULL;
}

static bool is_zero(const uint8_t *bytes, size_t length)
{
	return !length || (!bytes[0] && !memcmp(bytes, bytes + 1, length - 1));
}

/* A hole of the file stays one. */
void core_erase(const struct target *target, addr_t start, addr_t end)
{
	const uint8_t *bytes;
	size_t length;

	for (addr_t at = start; (bytes = target_next_captured(target, &at, end, &length));
		at += length) {
		target_note_use(target, bytes, length);
		if (!is_zero(bytes, length))
			memset((void *)(uintptr_t)bytes, 0, length);
	}
}
