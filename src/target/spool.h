/* The file that captured memory goes to: which address lies where in it, and copying into it.
 *
 * Memory that is copied again (because the target has written to it since) is written over its
 * place; what is new is appended. While the target stands still it may be kept in a buffer first,
 * whose pages are there already: writing a file takes several times as long as reading the target.
 */
#pragma once

#include <sys/types.h>

#include "error.h"
#include "memory_source.h"
#include "parallel.h"
#include "ranges.h"

/* [start, end) lies at `offset` of the file. */
struct placement {
	addr_t start;
	addr_t end;
	uint64_t offset;
};

struct spool {
	int fd; /* not owned */
	uint64_t end;
	VEC(struct placement) placements; /* sorted, disjoint */
	struct ranges missing;            /* placed, but could not be read; normalised */
	struct ranges outdated;           /* placed, but forgotten; normalised */
	uint64_t bytes_read;
	uint64_t copy_ns;  /* the time that copying took */
	uint64_t limit_ns; /* CLOCK_MONOTONIC: copying gives up then (ERROR_BUSY); 0: never */
	struct hold *hold; /* NULL: no buffer */
	bool holding;
	bool sparse; /* pages of zeros are left out of the file as holes: nothing is copied twice */
};

void spool_init(struct spool *spool, int fd);
void spool_deinit(struct spool *spool);

/* Copies. `memory` must be normalised, and of whole pages. */
struct error *spool_copy(
	struct spool *spool, const struct memory_source *source, const struct ranges *memory);

/* The same, while one of the workers first does something else. */
struct error *spool_copy_beside(struct spool *spool, const struct memory_source *source,
	const struct ranges *memory, parallel_fn *beside, void *context);

/* Makes a buffer; from spool_hold() on copies go there as long as there is room, until
 * spool_flush() writes them to the file. */
struct error *spool_reserve(struct spool *spool, size_t bytes);
void spool_hold(struct spool *spool);
struct error *spool_flush(struct spool *spool);

/* Makes it zeros. */
struct error *spool_clear(struct spool *spool, const struct ranges *memory);

/* The parts of a normalised list that were not copied yet, or forgotten. */
void spool_missing(const struct spool *spool, const struct ranges *memory, struct ranges *ret);

/* Says that what was copied of a normalised list is out of date: it counts as not copied. */
void spool_forget(struct spool *spool, const struct ranges *memory);

/* Forgets all that is not in a normalised list. */
void spool_keep(struct spool *spool, const struct ranges *memory);

/* Reads back what was copied. False: it is not there, or forgotten, or could not be read. */
bool spool_read(const struct spool *spool, const struct range *range, uint8_t *buffer);

/* Takes what was forgotten out of the file. */
struct error *spool_erase_forgotten(const struct spool *spool);

/* What was read and is not out of date: the parts of the placements, sorted. */
struct placements {
	VEC(struct placement) list;
};
void spool_contents(const struct spool *spool, struct placements *ret);
