/* The processors whose programs silt reads. Live processes are those of the one that it runs on. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum processor { PROCESSOR_AMD64, PROCESSOR_ARM64, PROCESSOR_COUNT };

/* As Go calls it: "amd64". */
const char *processor_name(enum processor processor);

/* Of a machine of ELF (e_machine). False: silt does not read its programs. */
bool processor_of_machine(uint16_t machine, enum processor *ret);
uint16_t processor_machine(enum processor processor);
