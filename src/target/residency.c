#include "residency.h"

#include "pagemap.h"
#include "procfs.h"
#include "target.h"

/* Mappings that nothing could have been read from or written to have no pages worth a look, and
 * are the largest of all: address space that a runtime keeps for later. */
static bool may_be_resident(const struct mapping *mapping)
{
	return mapping->protection != 0;
}

static bool is_file(const struct mapping *mapping)
{
	return mapping->path[0] == '/';
}

static void read_mapping(int pagemap, const struct mapping *mapping, struct residency *residency)
{
	struct ranges pages = {0};

	ranges_add(&pages, mapping->start, mapping->end);
	pagemap_filter_file(pagemap, PAGEMAP_RESIDENT_PAGES, &pages);
	if (pages.list.count)
		vec_push(&residency->mappings, {.start = mapping->start,
						       .end = mapping->end,
						       .bytes = ranges_bytes(&pages),
						       .name = memory_string(mapping->path)});
	vec_foreach (range, &pages.list) {
		if (!is_file(mapping))
			ranges_add(&residency->pages, range->start, range->end);
	}
	ranges_deinit(&pages);
}

static struct error *read_all(const struct target *process, struct residency *residency)
{
	uint64_t total = 0;
	long rss_kilobytes;

	vec_foreach (mapping, &process->mappings)
		total += may_be_resident(mapping) ? mapping->end - mapping->start : 0;
	if (total > RESIDENCY_MAX_BYTES ||
		!procfs_status_number(process->pid, "VmRSS", &rss_kilobytes))
		return NULL;
	_cleanup_close_ int pagemap = -1;
	TRY(pagemap_open(process->pid, &pagemap));
	vec_foreach (mapping, &process->mappings) {
		if (may_be_resident(mapping))
			read_mapping(pagemap, mapping, residency);
	}
	ranges_normalise(&residency->pages);
	residency->rss_bytes = (uint64_t)rss_kilobytes << 10;
	return NULL;
}

struct error *residency_read(const struct target *process, struct residency *ret)
{
	struct residency residency = {0};
	struct error *error = read_all(process, &residency);

	if (error) {
		residency_deinit(&residency);
		return error;
	}
	*ret = residency;
	return NULL;
}

void residency_deinit(struct residency *residency)
{
	vec_foreach (mapping, &residency->mappings)
		free(mapping->name);
	vec_deinit(&residency->mappings);
	ranges_deinit(&residency->pages);
}
