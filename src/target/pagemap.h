/* Which pages of a process exist: /proc/PID/pagemap. Reading a page that the program never touched
 * would make the kernel create it.
 */
#pragma once

#include <sys/types.h>

#include "error.h"
#include "ranges.h"

enum pagemap_choice {
	PAGEMAP_PRESENT_PAGES,  /* in memory or swapped out */
	PAGEMAP_PRIVATE_PAGES,  /* of those, what the process has for itself: of a mapped file only
				   what was written, by the program or by the dynamic linker */
	PAGEMAP_RESIDENT_PAGES, /* in memory, as the kernel counts it (VmRSS) */
};

/* Keeps of `memory`, which must be normalised, only the pages of the choice. */
struct error *pagemap_filter(pid_t pid, enum pagemap_choice choice, struct ranges *memory);

/* The file, for the next. */
struct error *pagemap_open(pid_t pid, int *ret);

/* The same from an open file of that form. What it does not tell of is dropped. */
void pagemap_filter_file(int fd, enum pagemap_choice choice, struct ranges *memory);
