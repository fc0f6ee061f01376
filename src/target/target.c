#include "target.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "bitset.h"
#include "block_cache.h"
#include "bytes.h"
#include "sorted.h"

enum {
	USE_UNIT = 64 << 10,            /* what the kernel maps around a page that is touched */
	USED_UNITS_MAX = 8 << 20 >> 16, /* 8 MiB */
};

struct target *target_create(enum target_kind kind)
{
	struct target *target = memory_alloc(sizeof(*target));

	target->kind = kind;
	target->exe_fd = -1;
	target->name = memory_string("");
	return target;
}

void target_destroy(struct target *target)
{
	if (!target)
		return;
	vec_foreach (mapping, &target->mappings)
		free(mapping->path);
	vec_foreach (file, &target->files) {
		munmap(file->start, file->length);
		free(file->used);
	}
	vec_deinit(&target->mappings);
	residency_deinit(&target->residency);
	vec_deinit(&target->threads);
	vec_deinit(&target->segments.list);
	vec_deinit(&target->fallbacks.list);
	vec_deinit(&target->files);
	block_cache_destroy(target->cache);
	if (target->exe_fd >= 0)
		close(target->exe_fd);
	free(target->name);
	free(target->exe_path);
	free(target->auxv);
	free(target);
}

/* The place of the first segment that ends behind the address. */
static size_t first_segment(const struct target *target, addr_t address)
{
	return sorted_prefix(target->segments.list.items, target->segments.list.count, item,
		item->end <= address);
}

static const struct segment *find_segment(const struct target *target, addr_t address)
{
	size_t place = first_segment(target, address);

	if (place == target->segments.list.count ||
		target->segments.list.items[place].start > address)
		return NULL;
	return &target->segments.list.items[place];
}

static struct error *read_segments(
	const struct target *target, addr_t address, uint8_t *buffer, size_t length)
{
	size_t done = 0;

	while (done < length) {
		const struct segment *segment = find_segment(target, address + done);

		if (!segment)
			return error_fault(address + done, length - done);
		size_t part = (size_t)MIN(segment->end - (address + done), length - done);

		const uint8_t *from = segment->bytes + (address + done - segment->start);

		target_note_use(target, from, part);
		memcpy(buffer + done, from, part);
		done += part;
	}
	return NULL;
}

struct error *target_read(const struct target *target, addr_t address, void *buffer, size_t length)
{
	if (address + length < address)
		return error_fault(address, length);
	if (target->cache)
		return block_cache_read(target->cache, address, buffer, length);
	return read_segments(target, address, buffer, length);
}

size_t target_read_present(const struct target *target, addr_t address, void *buffer, size_t length)
{
	struct error *error = target_read(target, address, buffer, length);
	size_t missing = 0;

	if (!error)
		return 0;
	error_destroy(error);
	for (size_t done = 0, part; done < length; done += part) {
		part = MIN(OS_PAGE - (size_t)((address + done) % OS_PAGE), length - done);
		error = target_read(target, address + done, (uint8_t *)buffer + done, part);
		if (!error)
			continue;
		error_destroy(error);
		memset((uint8_t *)buffer + done, 0, part);
		missing += part;
	}
	return missing;
}

/* How many bytes there are at the address, or are zeros up to the end of their page. */
static size_t follow(const struct target *target, addr_t address, const uint8_t **ret)
{
	size_t place = first_segment(target, address);
	const struct segment *next =
		place < target->segments.list.count ? &target->segments.list.items[place] : NULL;
	size_t rest = page_up(address) - address;

	*ret = NULL;
	if (next && next->start <= address) {
		*ret = next->bytes + (address - next->start);
		return next->end - address;
	}
	return next ? MIN(rest, next->start - address) : rest;
}

size_t target_read_start(const struct target *target, addr_t address, void *buffer, size_t length)
{
	size_t done = 0;

	while (done < length) {
		const uint8_t *from;
		size_t part = MIN(follow(target, address + done, &from), length - done);

		if (!part || (!done && !from))
			return done;
		target_note_use(target, from, part);
		if (from)
			memcpy((uint8_t *)buffer + done, from, part);
		else
			memset((uint8_t *)buffer + done, 0, part);
		done += part;
	}
	return done;
}

void target_keep_present(const struct target *target, struct ranges *memory)
{
	struct ranges kept = {0};

	vec_foreach (range, &memory->list) {
		for (size_t i = first_segment(target, range->start);
			i < target->segments.list.count; i++) {
			const struct segment *segment = &target->segments.list.items[i];

			if (segment->start >= range->end)
				break;
			ranges_add(&kept, MAX(range->start, page_down(segment->start)),
				MIN(range->end, page_up(segment->end)));
		}
	}
	ranges_normalise(&kept);
	ranges_deinit(memory);
	*memory = kept;
}

const uint8_t *target_view(const struct target *target, addr_t address, size_t length)
{
	const struct segment *segment = find_segment(target, address);

	if (!segment || segment->end - address < length)
		return NULL;
	return segment->bytes + (address - segment->start);
}

const uint8_t *target_view_captured(const struct target *target, addr_t address, size_t length)
{
	const struct segment *segment = find_segment(target, address);

	if (!segment || segment->fallback)
		return NULL;
	return target_view(target, address, length);
}

const uint8_t *target_next_captured(
	const struct target *target, addr_t *address, addr_t end, size_t *ret_length)
{
	size_t place = first_segment(target, *address);

	while (place < target->segments.list.count && target->segments.list.items[place].fallback)
		place++;
	if (place == target->segments.list.count || *address >= end)
		return NULL;
	const struct segment *segment = &target->segments.list.items[place];
	addr_t start = MAX(*address, segment->start);
	if (start >= end)
		return NULL;
	*address = start;
	*ret_length = (size_t)(MIN(segment->end, end) - start);
	return segment->bytes + (start - segment->start);
}

const uint8_t *target_bytes(
	const struct target *target, addr_t address, size_t length, void *buffer)
{
	const uint8_t *view = target_view(target, address, length);

	if (view)
		return view;
	struct error *error = target_read(target, address, buffer, length);
	if (error) {
		error_destroy(error);
		return NULL;
	}
	return buffer;
}

void target_add_file(struct target *target, void *start, size_t length)
{
	struct range_mapped file = {.start = start, .length = length};

	file.used = memory_array(BITSET_WORDS(length / USE_UNIT + 1), 8);
	vec_push(&target->files, file);
}

void target_release_pages(const struct target *target)
{
	vec_foreach (file, &target->files) {
		madvise(file->start, file->length, MADV_DONTNEED);
		for (size_t i = 0; i < BITSET_WORDS(file->length / USE_UNIT + 1); i++)
			__atomic_store_n(&file->used[i], 0, __ATOMIC_RELAXED);
	}
	__atomic_store_n((size_t *)(uintptr_t)&target->used_units, 0, __ATOMIC_RELAXED);
}

static size_t mark_used(struct range_mapped *file, const uint8_t *bytes, size_t length)
{
	size_t offset = (size_t)(bytes - (const uint8_t *)file->start), added = 0;

	for (size_t unit = offset / USE_UNIT; unit <= (offset + length - 1) / USE_UNIT; unit++) {
		uint64_t bit = (uint64_t)1 << (unit & 63), *word = &file->used[unit >> 6];

		if (!(__atomic_load_n(word, __ATOMIC_RELAXED) & bit))
			added += !(__atomic_fetch_or(word, bit, __ATOMIC_RELAXED) & bit);
	}
	return added;
}

void target_note_use(const struct target *target, const uint8_t *bytes, size_t length)
{
	size_t *used = (size_t *)(uintptr_t)&target->used_units;

	if (!bytes || !length)
		return;
	vec_foreach (file, &target->files) {
		const uint8_t *start = file->start;

		if (bytes < start || bytes >= start + file->length)
			continue;
		size_t added =
			mark_used(file, bytes, MIN(length, (size_t)(start + file->length - bytes)));
		if (added && __atomic_add_fetch(used, added, __ATOMIC_RELAXED) > USED_UNITS_MAX)
			target_release_pages(target);
		return;
	}
}

bool target_read_now(const struct target *target, addr_t address, void *buffer, size_t length)
{
	struct iovec local = {.iov_base = buffer, .iov_len = length};
	struct iovec remote = {.iov_base = (void *)(uintptr_t)address, .iov_len = length};

	return target->kind == TARGET_PROCESS && target->pid > 0 &&
	       process_vm_readv(target->pid, &local, 1, &remote, 1, 0) == (ssize_t)length;
}

bool target_may_be_ending(const struct target *target)
{
	return target->kind != TARGET_PROCESS && !strcmp(target->capture.mode, "core");
}

const struct mapping *target_mapping(const struct target *target, addr_t address)
{
	size_t low = sorted_prefix(
		target->mappings.items, target->mappings.count, item, item->end <= address);

	if (low == target->mappings.count || target->mappings.items[low].start > address)
		return NULL;
	return &target->mappings.items[low];
}

const struct mapping *target_program_mapping(const struct target *target)
{
	vec_foreach (mapping, &target->mappings) {
		if (mapping->start <= target->program_headers &&
			target->program_headers < mapping->end)
			return mapping;
	}
	vec_foreach (mapping, &target->mappings) {
		if (mapping->start <= target->entry && target->entry < mapping->end)
			return mapping;
	}
	return target->mappings.count ? &target->mappings.items[0] : NULL;
}

static int mapping_by_start(const void *left, const void *right)
{
	const struct mapping *a = left, *b = right;

	return (a->start > b->start) - (a->start < b->start);
}

void target_settle_mappings(struct target *target)
{
	size_t kept = 0;
	addr_t end = 0;

	if (target->mappings.count)
		qsort(target->mappings.items, target->mappings.count, sizeof(struct mapping),
			mapping_by_start);
	vec_foreach (mapping, &target->mappings) {
		if (mapping->start < end) {
			free(mapping->path);
			continue;
		}
		end = mapping->end;
		target->mappings.items[kept++] = *mapping;
	}
	target->mappings.count = kept;
}

static void add_segment(struct segments *segments, struct segment segment)
{
	if (segment.start < segment.end)
		vec_push(&segments->list, segment);
}

void target_add_segment(struct target *target, addr_t start, uint64_t size, const uint8_t *bytes)
{
	add_segment(&target->segments,
		(struct segment){.start = start, .end = start + size, .bytes = bytes});
}

void target_add_fallback(struct target *target, addr_t start, uint64_t size, const uint8_t *bytes)
{
	add_segment(&target->fallbacks,
		(struct segment){
			.start = start, .end = start + size, .bytes = bytes, .fallback = true});
}

/* Of those that start together the longest first: it stays whole. A piece may repeat the first
 * bytes of a span that is captured as well. */
static int by_start(const void *left, const void *right)
{
	const struct segment *a = left, *b = right;

	if (a->start != b->start)
		return a->start > b->start ? 1 : -1;
	return (a->end < b->end) - (a->end > b->end);
}

/* The part [start, end) of a segment; empty when start is not below end. */
static struct segment segment_part(const struct segment *segment, addr_t start, addr_t end)
{
	struct segment part = *segment;

	part.bytes += MIN(start, segment->end) - segment->start;
	part.start = start;
	part.end = end;
	return part;
}

/* Sorts, and cuts off what a segment shares with the one before it. */
static void sort_segments(struct segments *segments)
{
	struct segments sorted = {0};
	addr_t end = 0;

	if (segments->list.count)
		qsort(segments->list.items, segments->list.count, sizeof(struct segment), by_start);
	vec_foreach (segment, &segments->list) {
		add_segment(&sorted, segment_part(segment, MAX(segment->start, end), segment->end));
		end = MAX(end, segment->end);
	}
	vec_deinit(&segments->list);
	*segments = sorted;
}

/* Adds those parts of the fallback that no sorted segment covers. */
static void fill_gaps(
	struct segments *filled, const struct segments *sorted, const struct segment *fallback)
{
	addr_t at = fallback->start;
	size_t first = sorted_prefix(
		sorted->list.items, sorted->list.count, item, item->end <= fallback->start);

	for (size_t i = first; i <= sorted->list.count && at < fallback->end; i++) {
		const struct segment *next = &sorted->list.items[i];
		addr_t end =
			i < sorted->list.count ? MIN(next->start, fallback->end) : fallback->end;

		add_segment(filled, segment_part(fallback, at, end));
		if (i < sorted->list.count)
			at = MAX(at, next->end);
	}
}

void target_freeze_segments(struct target *target)
{
	struct segments filled = {0};

	sort_segments(&target->segments);
	vec_foreach (fallback, &target->fallbacks.list)
		fill_gaps(&filled, &target->segments, fallback);
	vec_foreach (segment, &filled.list)
		vec_push(&target->segments.list, *segment);
	sort_segments(&target->segments);
	vec_deinit(&filled.list);
	vec_deinit(&target->fallbacks.list);
}

bool reader_bytes(struct reader *reader, addr_t address, void *buffer, size_t length)
{
	if (!reader->failed) {
		struct error *error = target_read(reader->target, address, buffer, length);

		if (!error)
			return true;
		reader->failed = true;
		reader->fault = address;
		error_destroy(error);
	}
	memset(buffer, 0, length);
	return false;
}

uint64_t reader_sized(struct reader *reader, addr_t address, unsigned size)
{
	uint8_t bytes[8] = {0};

	reader_bytes(reader, address, bytes, MIN(size, 8u));
	return load_u64(bytes);
}

uint8_t reader_u8(struct reader *reader, addr_t address)
{
	return (uint8_t)reader_sized(reader, address, 1);
}

uint32_t reader_u32(struct reader *reader, addr_t address)
{
	return (uint32_t)reader_sized(reader, address, 4);
}

uint64_t reader_u64(struct reader *reader, addr_t address)
{
	return reader_sized(reader, address, 8);
}

struct error *reader_error(const struct reader *reader, const char *what)
{
	if (!reader->failed)
		return NULL;
	return error_context(error_fault(reader->fault, 8), "%s", what);
}
