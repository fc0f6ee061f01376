/* What arm64 code refers to: ADRP takes the page of an address, the next instruction adds the rest
 * of it, as ADD or as the offset of a load or store.
 *
 * Go's assembler always puts the two next to each other (cmd/internal/obj/arm64/asm7.go:
 * R_ADDRARM64, R_ARM64_PCREL_LDST*). Source of the encodings: Arm Architecture Reference Manual,
 * C6.2.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "address.h"

enum {
	ARM64_INSTRUCTION = 4, /* bytes */
	ARM64_REFERENCE = 2 * ARM64_INSTRUCTION,
};

struct code_reference {
	addr_t address;
	bool taken; /* the address itself goes into a register */
};

/* Do the two instructions at pc refer to something? */
bool code_arm64_reference(
	const uint8_t code[ARM64_REFERENCE], addr_t pc, struct code_reference *ret);
