/* Are two targets the same process, seen at two moments? */
#pragma once

#include "program.h"

/* NULL, or ERROR_USAGE that says in one line what differs: the executable (build id, Go version),
 * the boot of the machine, when the process started, or where the kernel and the runtime have put
 * things. */
struct error *same_process(const struct program *first, const struct program *second);
