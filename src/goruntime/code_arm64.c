#include "code_arm64.h"

#include "bytes.h"

enum {
	PAGE = 4096, /* of ADRP, whatever the page of the system is */
	REGISTER_MASK = 0x1f,
	BASE_REGISTER_SHIFT = 5,
	IMMEDIATE_SHIFT = 10,
	IMMEDIATE_MASK = 0xfff,
	VECTOR_SHIFT = 4, /* 16 bytes */
};

#define ADRP_MASK       0x9f000000u
#define ADRP            0x90000000u
#define ADD_MASK        0xffc00000u
#define ADD             0x91000000u /* 64 bits, immediate, not shifted */
#define LOAD_MASK       0x3b000000u
#define LOAD            0x39000000u /* loads and stores with an unsigned offset */
#define LOAD_VECTOR     0x04000000u
#define LOAD_WIDE       0x00800000u /* of vectors: 16 bytes */
#define LOAD_SIZE_SHIFT 30

static addr_t adrp_page(uint32_t instruction, addr_t pc)
{
	uint32_t low = instruction >> 29 & 3, high = instruction >> 5 & 0x7ffff;
	int64_t pages = (int64_t)((uint64_t)(high << 2 | low) << 43) >> 43; /* 21 bits, signed */

	return (pc & ~(addr_t)(PAGE - 1)) + (addr_t)pages * PAGE;
}

static unsigned load_shift(uint32_t instruction)
{
	bool wide = instruction & LOAD_VECTOR && instruction & LOAD_WIDE;

	return wide ? VECTOR_SHIFT : instruction >> LOAD_SIZE_SHIFT;
}

bool code_arm64_reference(
	const uint8_t code[ARM64_REFERENCE], addr_t pc, struct code_reference *ret)
{
	uint32_t first = load_u32(code), second = load_u32(code + ARM64_INSTRUCTION);
	bool add = (second & ADD_MASK) == ADD, load = (second & LOAD_MASK) == LOAD;

	if ((first & ADRP_MASK) != ADRP || !(add || load) ||
		(second >> BASE_REGISTER_SHIFT & REGISTER_MASK) != (first & REGISTER_MASK))
		return false;
	addr_t rest = second >> IMMEDIATE_SHIFT & IMMEDIATE_MASK;
	*ret = (struct code_reference){
		.address = adrp_page(first, pc) + (add ? rest : rest << load_shift(second)),
		.taken = add,
	};
	return true;
}
