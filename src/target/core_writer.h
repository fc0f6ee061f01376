/* Writing a standard ELF core file.
 *
 * The memory comes first in the file, range after range from CORE_DATA_OFFSET on, written by
 * whoever copies it; the headers go behind it when it is complete, and the ELF header, last of all,
 * makes the file a core. Until then it is no core file.
 */
#pragma once

#include <stdint.h>

#include "error.h"
#include "ranges.h"
#include "target.h"

enum { CORE_DATA_OFFSET = 4096 };

/* Memory that is smaller than a page. */
struct piece {
	addr_t address;
	uint32_t length;
	const uint8_t *bytes;
};

struct pieces {
	VEC(struct piece) list;
};

struct core_contents {
	const struct target *target;  /* name, pid, threads, mappings, capture */
	const struct ranges *memory;  /* in the order of the file */
	const struct ranges *missing; /* parts of `memory` that could not be read; normalised */
	const struct pieces *pieces;
	const uint8_t *auxv;
	size_t auxv_length;
};

/* Writes notes, program headers and ELF header to a file that has the memory already. */
struct error *core_write_headers(int fd, const struct core_contents *contents);
