/* Core files and the notes of snapshots, and reads from what they say. */
#include "core_file.h"
#include "fuzz.h"

static void read_around(const struct target *target, addr_t address)
{
	uint8_t buffer[8192];

	for (int64_t offset = -8; offset <= 8; offset += 4) {
		addr_t at = address + (addr_t)offset;

		fuzz_passed(target_read(target, at, buffer, 16));
		target_view(target, at, 16);
		target_view_captured(target, at, SIZE_MAX);
		target_bytes(target, at, 4096, buffer);
	}
	target_read_present(target, address, buffer, sizeof(buffer));
	target_mapping(target, address);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct target *target = target_create(TARGET_CORE);

	if (fuzz_passed(core_file_parse(bytes, length, "fuzzed", target))) {
		target_freeze_segments(target);
		vec_foreach (segment, &target->segments.list) {
			read_around(target, segment->start);
			read_around(target, segment->end);
		}
		vec_foreach (mapping, &target->mappings)
			read_around(target, mapping->start);
	}
	target_destroy(target);
	return 0;
}
