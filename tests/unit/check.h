/* What every unit test includes, and checks that cmocka does not have. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "error.h"

/* The call must fail, with this code. */
static inline void assert_error(struct error *error, enum error_code code)
{
	assert_non_null(error);
	assert_int_equal(error->code, code);
	assert_non_null(error->message);
	assert_null(strchr(error->message, '\n'));
	error_destroy(error);
}

/* The call must succeed; else its message is shown. */
static inline void assert_success(struct error *error)
{
	if (!error)
		return;
	fail_msg("%s", error->message);
	abort(); /* cmocka does not come back, but does not say so to the compiler */
}
