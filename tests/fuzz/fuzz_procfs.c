/* Lines of /proc/PID/maps; and the same bytes as a page map. */
#include <string.h>

#include "fuzz.h"
#include "pagemap.h"
#include "procfs.h"

static void read_page_map(const uint8_t *bytes, size_t length, enum pagemap_choice choice)
{
	struct ranges ranges = {0};
	int fd = file_of_bytes(bytes, length);

	ranges_add(&ranges, 0, 4096 * (addr_t)(length / 8 + 2));
	ranges_add(&ranges, 0x7ffffffff000, 0x7ffffffff001);
	pagemap_filter_file(fd, choice, &ranges);
	if (ranges_bytes(&ranges) / 4096 > length / 8)
		abort();
	ranges_deinit(&ranges);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	_cleanup_free_ char *text = memory_string_n((const char *)bytes, length);
	char *rest = text;

	for (char *line; (line = strsep(&rest, "\n"));) {
		struct mapping mapping;

		if (!procfs_parse_mapping(line, &mapping))
			continue;
		if (mapping.start >= mapping.end)
			abort();
		free(mapping.path);
	}
	read_page_map(bytes, length, PAGEMAP_PRESENT_PAGES);
	read_page_map(bytes, length, PAGEMAP_PRIVATE_PAGES);
	return 0;
}
