/* What of a process is in memory, by the kernel's books: which pages, and how many bytes of each
 * mapping. Taken with the capture, while the process runs; kept in a note of our core files.
 *
 * Sources: proc(5) (status: VmRSS, maps), Documentation/admin-guide/mm/pagemap.rst.
 */
#pragma once

#include "error.h"
#include "ranges.h"
#include "vec.h"

struct target;

/* Of larger address spaces (a sanitizer's shadow) nothing is said: a read of pagemap takes 8 bytes
 * for each page that could be there. */
#define RESIDENCY_MAX_BYTES ((uint64_t)1 << 40)

struct resident_mapping {
	addr_t start;
	addr_t end;
	uint64_t bytes; /* resident */
	char *name;     /* as in /proc/PID/maps; "" for anonymous memory */
};

struct residency {
	uint64_t rss_bytes;                    /* VmRSS; 0: nothing is known */
	VEC(struct resident_mapping) mappings; /* with resident pages, by address */
	struct ranges pages;                   /* resident, of mappings that are no files */
};

/* Of the mappings of a process as it was when it was stopped. */
struct error *residency_read(const struct target *process, struct residency *ret);
void residency_deinit(struct residency *residency);
