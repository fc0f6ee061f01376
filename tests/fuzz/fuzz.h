/* What the fuzz targets share. A target is one function that is called with bytes; libFuzzer has
 * main(). */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "elf_image.h"
#include "error.h"
#include "memory.h"
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* What a target does that fails on bad input, as it should. Returns true when it did not fail. */
static inline bool fuzz_passed(struct error *error)
{
	bool passed = !error;

	error_destroy(error);
	return passed;
}

/* A core whose executable is a file of these bytes. */
static inline struct target *fuzz_target_with_executable(const uint8_t *bytes, size_t length)
{
	struct target *target = target_create(TARGET_CORE);

	target->exe_fd = file_of_bytes(bytes, length);
	target->exe_path = memory_string("fuzzed");
	target->entry = 0x401000;
	return target;
}
