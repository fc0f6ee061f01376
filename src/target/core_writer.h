/* Writing a standard ELF core file.
 *
 * The memory comes first in the file (spool.h); the headers go behind it when it is complete, and
 * the ELF header, last of all, makes the file a core. Until then it is no core file.
 */
#pragma once

#include <stdint.h>

#include "error.h"
#include "pieces.h"
#include "spool.h"
#include "target.h"

struct core_contents {
	const struct target *target; /* name, pid, threads, mappings, auxv, capture, residency */
	const struct spool *spool;
	const struct pieces *pieces;
};

/* Writes notes, program headers and ELF header to a file that has the memory already. */
struct error *core_write_headers(int fd, const struct core_contents *contents);
