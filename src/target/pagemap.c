#include "pagemap.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* Flags of an entry: Documentation/admin-guide/mm/pagemap.rst. */
#define PAGEMAP_PRESENT ((uint64_t)1 << 63)
#define PAGEMAP_SWAPPED ((uint64_t)1 << 62)
#define PAGEMAP_FILE    ((uint64_t)1 << 61)

enum { ENTRIES = 4096, ENTRY_SIZE = 8 };

static void keep_pages(
	int fd, const struct range *range, enum pagemap_choice choice, struct ranges *kept)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), entries[ENTRIES];

	for (addr_t at = range->start; at < range->end;) {
		size_t count = (size_t)MIN((range->end - at) / page, (uint64_t)ENTRIES);
		ssize_t got =
			pread(fd, entries, count * ENTRY_SIZE, (off_t)(at / page * ENTRY_SIZE));

		if (got < ENTRY_SIZE)
			return;
		for (size_t i = 0; i < (size_t)got / ENTRY_SIZE; i++, at += page) {
			if (entries[i] & (PAGEMAP_PRESENT | PAGEMAP_SWAPPED) &&
				!(choice == PAGEMAP_PRIVATE_PAGES && entries[i] & PAGEMAP_FILE))
				ranges_add(kept, at, at + page);
		}
	}
}

void pagemap_filter_file(int fd, enum pagemap_choice choice, struct ranges *memory)
{
	struct ranges kept = {0};

	vec_foreach (range, &memory->list)
		keep_pages(fd, range, choice, &kept);
	ranges_normalise(&kept);
	ranges_deinit(memory);
	*memory = kept;
}

struct error *pagemap_filter(pid_t pid, enum pagemap_choice choice, struct ranges *memory)
{
	char path[64];

	if (!memory->list.count)
		return NULL;
	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_system("cannot open %s", path);
	pagemap_filter_file(fd, choice, memory);
	return NULL;
}
