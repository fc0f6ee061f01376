#include "processor.h"

#include <elf.h>

static const struct {
	const char *name;
	uint16_t machine;
} processors[PROCESSOR_COUNT] = {
	[PROCESSOR_AMD64] = {"amd64", EM_X86_64},
	[PROCESSOR_ARM64] = {"arm64", EM_AARCH64},
};

const char *processor_name(enum processor processor)
{
	return processors[processor].name;
}

uint16_t processor_machine(enum processor processor)
{
	return processors[processor].machine;
}

bool processor_of_machine(uint16_t machine, enum processor *ret)
{
	for (unsigned i = 0; i < PROCESSOR_COUNT; i++) {
		if (processors[i].machine == machine) {
			*ret = (enum processor)i;
			return true;
		}
	}
	return false;
}
