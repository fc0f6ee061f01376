/* Calls that the compiler has put in line.
 *
 * An instruction of such a call has the file and line of the function that was called; the function
 * around it has an instruction whose line is that of the call.
 *
 * Source: Go, runtime/symtabinl.go (inlineUnwinder, inlinedCall).
 */
#pragma once

#include "goruntime.h"

enum { DEEPEST_INLINING = 1000 };

/* From a pc in a call that was put in line to the pc of that call, in the function that calls.
 * False: there `pc` is in `function` itself. */
bool inlined_call_leave(const struct goruntime *runtime, const struct module *module,
	const struct function *function, addr_t *pc);

/* The pc whose line is in the function itself: of the outermost call that was put in line at `pc`,
 * or `pc` where there is none. */
addr_t inlined_call_pc(const struct goruntime *runtime, const struct module *module,
	const struct function *function, addr_t pc);

/* The name of the innermost call at `pc`: of a function that was put in line there, or of
 * `function` itself. Valid as long as the runtime. */
const char *inlined_call_name(const struct goruntime *runtime, const struct module *module,
	const struct function *function, addr_t pc);
