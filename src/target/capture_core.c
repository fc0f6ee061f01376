/* A core file written again as a snapshot: with what an analysis needs, and nothing else. */
#include "capturer.h"

#include <sys/stat.h>

/* A core tells only of mapped files. The kernel and gdb make a segment of each other mapping. */
static void add_mappings(struct target *core)
{
	struct ranges others = {0}, files = {0};

	vec_foreach (mapping, &core->mappings)
		ranges_add(&files, mapping->start, mapping->end);
	vec_foreach (segment, &core->segments.list)
		ranges_add(&others, segment->start, segment->end);
	ranges_normalise(&files);
	ranges_subtract(&others, &files);
	vec_foreach (range, &others.list)
		vec_push(&core->mappings, {.start = range->start,
						  .end = range->end,
						  .protection = PROTECTION_READ | PROTECTION_WRITE,
						  .path = memory_string("")});
	target_settle_mappings(core);
	ranges_deinit(&others);
	ranges_deinit(&files);
}

/* Segments of a broken core may all be the same bytes of it, or of its executable. */
static struct error *check_size(const struct target *core, const struct ranges *memory)
{
	struct stat executable = {0};
	uint64_t there = 0;

	vec_foreach (file, &core->files)
		there += file->length;
	if (core->exe_fd >= 0 && fstat(core->exe_fd, &executable) == 0)
		there += (uint64_t)executable.st_size;
	if (ranges_bytes(memory) <= there)
		return NULL;
	return error_create(ERROR_FORMAT,
		"this core has more memory than bytes: its segments overlap, so it is damaged");
}

static struct error *copy(struct capturer *capturer)
{
	const struct memory_source source = {.core = capturer->target, .mem = -1, .workers = 1};
	struct ranges *memory = &capturer->planned.memory;

	TRY(capturer_plan(capturer, capturer->target));
	capturer_add_thread_stacks(capturer, memory);
	target_keep_present(capturer->target, memory);
	TRY(check_size(capturer->target, memory));
	TRY(spool_copy(&capturer->spool, &source, memory));
	pieces_init(&capturer->pieces, &capturer->planned.pieces);
	pieces_read(&capturer->pieces, &source, NULL);
	return capturer_write_headers(capturer);
}

struct error *capture_core(struct target *core, const struct capture_plan *plan, int fd)
{
	struct capturer capturer = {.plan = plan, .target = core};

	add_mappings(core);
	spool_init(&capturer.spool, fd);
	capturer.spool.sparse = true;
	struct error *error = copy(&capturer);
	spool_deinit(&capturer.spool);
	pieces_deinit(&capturer.pieces);
	capturer_forget_plan(&capturer);
	return error;
}
