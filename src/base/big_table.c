#include "big_table.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

enum { HUGE_TABLE = 8 << 20 };

static size_t page_round(size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (bytes + page - 1) / page * page;
}

struct error *big_table_alloc(size_t count, size_t size, void *ret_pointer)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		return error_create(
			ERROR_LIMIT, "a table of %zu entries does not fit in memory", count);
	if (bytes == 0)
		bytes = 1;
	void *table = mmap(NULL, page_round(bytes), PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (table == MAP_FAILED)
		return error_system("cannot get %zu MB of memory for a table", bytes >> 20);
	/* Large tables are read at random: huge pages spare most of the misses of the TLB. A hint.
	 */
	if (bytes >= HUGE_TABLE)
		madvise(table, bytes, MADV_HUGEPAGE);
	*(void **)ret_pointer = table;
	return NULL;
}

void big_table_trim(void *table, size_t bytes, size_t used)
{
	size_t keep = page_round(used ? used : 1);
	size_t have = page_round(bytes ? bytes : 1);

	if (table && keep < have)
		munmap((char *)table + keep, have - keep);
}

void big_table_free(void *table, size_t bytes)
{
	if (table)
		munmap(table, page_round(bytes ? bytes : 1));
}
