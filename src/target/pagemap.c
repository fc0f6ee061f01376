#include "pagemap.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "fault_point.h"
#include "procfs.h"

/* Flags of an entry: Documentation/admin-guide/mm/pagemap.rst. */
#define PAGEMAP_PRESENT ((uint64_t)1 << 63)
#define PAGEMAP_SWAPPED ((uint64_t)1 << 62)
#define PAGEMAP_FILE    ((uint64_t)1 << 61)
#define PAGEMAP_GUARDED ((uint64_t)1 << 57) /* write-protected by userfaultfd */
#define PAGEMAP_ALONE   ((uint64_t)1 << 56) /* only this process has it */

enum { ENTRIES = 4096, ENTRY_SIZE = 8 };

/* Of anonymous memory that was only read there is one page of zeros for all processes, which the
 * kernel does not count. */
static bool is_resident(uint64_t entry)
{
	return entry & PAGEMAP_PRESENT && entry & (PAGEMAP_FILE | PAGEMAP_ALONE);
}

/* A page that was never touched but is watched (UFFD_FEATURE_WP_UNPOPULATED) has a marker in the
 * page table, which looks like a page that was swapped out. */
static bool exists(uint64_t entry, enum pagemap_choice choice, bool swaps)
{
	if (choice == PAGEMAP_RESIDENT_PAGES)
		return is_resident(entry);
	return entry & PAGEMAP_PRESENT ||
	       (entry & PAGEMAP_SWAPPED && (swaps || !(entry & PAGEMAP_GUARDED)));
}

static void keep_pages(int fd, const struct range *range, enum pagemap_choice choice, bool swaps,
	struct ranges *kept)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), entries[ENTRIES];

	for (addr_t at = range->start; at < range->end;) {
		size_t count = (size_t)MIN((range->end - at) / page, (uint64_t)ENTRIES);
		ssize_t got = FAULT_POINT("read_pagemap",
			pread(fd, entries, count * ENTRY_SIZE, (off_t)(at / page * ENTRY_SIZE)));

		if (got < ENTRY_SIZE)
			return;
		for (size_t i = 0; i < (size_t)got / ENTRY_SIZE; i++, at += page) {
			if (exists(entries[i], choice, swaps) &&
				!(choice == PAGEMAP_PRIVATE_PAGES && entries[i] & PAGEMAP_FILE))
				ranges_extend(kept, at, at + page);
		}
	}
}

static void filter(int fd, enum pagemap_choice choice, bool swaps, struct ranges *memory)
{
	struct ranges kept = {0};

	vec_foreach (range, &memory->list)
		keep_pages(fd, range, choice, swaps, &kept);
	ranges_normalise(&kept);
	ranges_deinit(memory);
	*memory = kept;
}

void pagemap_filter_file(int fd, enum pagemap_choice choice, struct ranges *memory)
{
	filter(fd, choice, true, memory);
}

struct error *pagemap_open(pid_t pid, int *ret)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	int fd = FAULT_POINT("open_pagemap", open(path, O_RDONLY | O_CLOEXEC));
	if (fd < 0)
		return error_system("cannot open %s", path);
	*ret = fd;
	return NULL;
}

struct error *pagemap_filter(pid_t pid, enum pagemap_choice choice, struct ranges *memory)
{
	_cleanup_close_ int fd = -1;

	if (!memory->list.count)
		return NULL;
	TRY(pagemap_open(pid, &fd));
	long swapped = 0;
	bool swaps = !procfs_status_number(pid, "VmSwap", &swapped) || swapped;
	filter(fd, choice, swaps, memory);
	return NULL;
}
