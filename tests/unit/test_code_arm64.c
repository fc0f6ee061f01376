/* What arm64 instructions refer to: encodings by the Arm Architecture Reference Manual, C6.2. */
#include "check.h"

#include "bytes.h"
#include "code_arm64.h"

enum {
	PC = 0x11234,
	ADRP_1 = 0xb000001b,       /* ADRP x27, one page on */
	ADRP_MINUS_2 = 0xd0fffffb, /* ADRP x27, two pages back */
	ADRP_FAR = 0x90800000,     /* ADRP x0, 1 << 32 bytes back */
	ADR = 0x3000001b,          /* no page */
	NOP = 0xd503201f,
};

static bool refers(uint32_t first, uint32_t second, struct code_reference *ret)
{
	const uint32_t code[] = {first, second};

	return code_arm64_reference((const uint8_t *)code, PC, ret);
}

static void check(uint32_t first, uint32_t second, addr_t address, bool taken)
{
	struct code_reference reference;

	assert_true(refers(first, second, &reference));
	assert_int_equal(reference.address, address);
	assert_int_equal(reference.taken, taken);
}

static void test_references(void **state)
{
	(void)state;
	check(ADRP_1, 0x91004360, 0x12010, true);                  /* ADD x0, x27, #0x10 */
	check(ADRP_1, 0x913fff7b, 0x12fff, true);                  /* ADD x27, x27, #0xfff */
	check(ADRP_1, 0xf9400b61, 0x12010, false);                 /* LDR x1, [x27, #0x10] */
	check(ADRP_1, 0xf9000b61, 0x12010, false);                 /* STR x1, [x27, #0x10] */
	check(ADRP_1, 0xb9400b61, 0x12008, false);                 /* LDR w1, [x27, #8] */
	check(ADRP_1, 0x79400b61, 0x12004, false);                 /* LDRH w1, [x27, #4] */
	check(ADRP_1, 0x39400f61, 0x12003, false);                 /* LDRB w1, [x27, #3] */
	check(ADRP_1, 0x3d800b60, 0x12020, false);                 /* STR q0, [x27, #0x20] */
	check(ADRP_1, 0xfd400b60, 0x12010, false);                 /* LDR d0, [x27, #0x10] */
	check(ADRP_MINUS_2, 0x91004360, 0xf010, true);             /* ADD x0, x27, #0x10 */
	check(ADRP_FAR, 0x91000000, 0x11000 - (1ull << 32), true); /* ADD x0, x0, #0 */
}

static void test_what_refers_to_nothing(void **state)
{
	struct code_reference reference;

	(void)state;
	assert_false(refers(ADRP_1, NOP, &reference));
	assert_false(refers(NOP, 0x91004360, &reference));
	assert_false(refers(ADR, 0x91004360, &reference));
	assert_false(refers(ADRP_1, 0x91004340, &reference)); /* ADD x0, x26, #0x10 */
	assert_false(refers(ADRP_1, 0x91404360, &reference)); /* ADD x0, x27, #0x10, LSL #12 */
	assert_false(refers(ADRP_1, 0xf8410761, &reference)); /* LDR x1, [x27], #0x10 */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_what_refers_to_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
