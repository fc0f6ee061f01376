/* ELF executables: headers, sections, symbols. */
#include "debug_match.h"
#include "executable.h"
#include "fuzz.h"
#include "symbols.h"

static void ask(const struct executable *executable)
{
	struct section section;
	struct symbols symbols;

	debug_match_difference(executable->elf, executable->elf, false);
	executable_section(executable, ".gopclntab", &section);
	executable_view(executable, 0x401000, 16);
	executable_view(executable, UINT64_MAX, 1);
	symbols_read(executable, &symbols);
	symbols_find(&symbols, 0x500040);
	symbols_address(&symbols, "runtime.mheap_");
	symbols_deinit(&symbols);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct target *target = fuzz_target_with_executable(bytes, length);
	struct executable *executable;

	if (fuzz_passed(executable_open(target, &executable))) {
		ask(executable);
		fuzz_passed(executable_check_belongs(executable, target));
		executable_destroy(executable);
	}
	target_destroy(target);
	return 0;
}
