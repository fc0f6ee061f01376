/* Memory that is smaller than a page: the collector's marks at the ends of pages whose objects are
 * not wanted, the headers of channels. Kept in memory until the core is written. */
#pragma once

#include "memory_source.h"
#include "ranges.h"

struct piece {
	addr_t address;
	uint32_t length; /* 0: could not be read */
	uint8_t *bytes;
};

struct pieces {
	VEC(struct piece) list; /* by address */
	uint8_t *bytes;
};

/* Makes room for pieces that do not overlap; nothing is read. */
void pieces_init(struct pieces *pieces, const struct ranges *wanted);
void pieces_deinit(struct pieces *pieces);

/* Reads those that lie in `within` (normalised; NULL: all). */
void pieces_read(
	struct pieces *pieces, const struct memory_source *source, const struct ranges *within);

/* Takes the bytes of one from others. False: they do not have all of it. */
bool pieces_copy(const struct pieces *from, const struct piece *to);

/* Where those are that could be read; normalised. */
void pieces_ranges(const struct pieces *pieces, struct ranges *ret);
