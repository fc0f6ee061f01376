#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "clock.h"
#include "core_format.h"
#include "fault_point.h"
#include "parallel.h"
#include "priority.h"
#include "sorted.h"
#include "write_at.h"

enum {
	BATCH_BYTES = 512 << 10, /* the time for it is how long others may have to wait */
	PARTS_MAX = 512,         /* of a batch: the kernel takes 1024 (IOV_MAX) */
	COPY_WORKERS = 2,
	GIVE_BACK_BYTES = 16 << 20, /* of a buffer while it is written to the file */
};

/* Memory that lies in one piece, and where it goes in the file. */
struct part {
	addr_t start;
	uint32_t length;
	uint64_t offset;
};

struct parts {
	VEC(struct part) list;
};

/* Parts that are read at once, to follow each other in memory. */
struct batch {
	size_t first;
	size_t count;
	size_t length;
	uint8_t *held; /* where in the buffer; NULL: straight to the file */
};

/* A buffer for what is copied while the target stands still. */
struct hold {
	uint8_t *buffer;
	size_t size;
	size_t used;
	struct parts parts; /* their bytes follow each other in the buffer */
};

struct copy {
	struct spool *spool;
	const struct memory_source *source;
	struct parts parts;
	VEC(struct batch) batches;
	struct parallel_share share; /* of the batches */
	bool from_both_ends;
	struct ranges missing[COPY_WORKERS];
	parallel_fn *beside; /* NULL: nothing */
	void *context;
};

void spool_init(struct spool *spool, int fd)
{
	*spool = (struct spool){.fd = fd, .end = CORE_DATA_OFFSET};
}

static void hold_destroy(struct hold *hold)
{
	if (!hold)
		return;
	munmap(hold->buffer, hold->size);
	vec_deinit(&hold->parts.list);
	free(hold);
}

void spool_deinit(struct spool *spool)
{
	vec_deinit(&spool->placements);
	ranges_deinit(&spool->missing);
	ranges_deinit(&spool->outdated);
	hold_destroy(spool->hold);
}

static const char CAPTURED[] =
	"the captured memory (the directory given by TMPDIR or --output is used for it)";

/* Parts that follow each other in the file are written at once. */
static struct error *write_parts(
	const struct spool *spool, const struct part *parts, size_t count, const uint8_t *bytes)
{
	for (size_t i = 0; i < count;) {
		uint64_t length = parts[i].length, offset = parts[i].offset;

		for (i++; i < count && parts[i].offset == offset + length; i++)
			length += parts[i].length;
		TRY(spool->sparse ? write_sparse_at(spool->fd, bytes, length, offset, CAPTURED)
				  : write_at(spool->fd, bytes, length, offset, CAPTURED));
		bytes += length;
	}
	return NULL;
}

/* Reads what can be read of a part; pages that cannot be are zero and noted as missing. */
static void read_part(const struct memory_source *source, const struct part *part, uint8_t *buffer,
	struct ranges *missing)
{
	size_t done = 0;

	while (done < part->length) {
		addr_t at = part->start + done;
		size_t got = memory_source_read(source, at, buffer + done, part->length - done);

		if (got) {
			done += got;
			continue;
		}
		addr_t page_end = page_down(at) + OS_PAGE;
		size_t skip = MIN(page_end - at, part->length - done);

		memset(buffer + done, 0, skip);
		ranges_add(missing, at, at + skip);
		done += skip;
	}
}

/* All at once, or one by one where something of it cannot be read. */
static void read_batch(
	struct copy *copy, const struct batch *batch, uint8_t *buffer, struct ranges *missing)
{
	const struct part *parts = &copy->parts.list.items[batch->first];
	struct iovec memory[PARTS_MAX];

	for (size_t i = 0; i < batch->count; i++)
		memory[i] = (struct iovec){(void *)(uintptr_t)parts[i].start, parts[i].length};
	if (memory_source_read_list(copy->source, memory, batch->count, buffer, batch->length) ==
		batch->length)
		return;
	for (size_t i = 0; i < batch->count; i++) {
		read_part(copy->source, &parts[i], buffer, missing);
		buffer += parts[i].length;
	}
}

static struct error *check_limit(const struct spool *spool)
{
	if (!spool->limit_ns || clock_now() <= spool->limit_ns)
		return NULL;
	return error_create(ERROR_BUSY, "there was not enough time to copy the memory");
}

/* Readers of memory that lies close together get in each other's way, in the kernel's tables and in
 * the memory itself: far apart they are faster by a seventh. */
static const struct batch *batch_at(const struct copy *copy, size_t number)
{
	size_t from_end = copy->batches.count - 1 - number / 2;

	if (!copy->from_both_ends)
		return &copy->batches.items[number];
	return &copy->batches.items[number % 2 ? from_end : number / 2];
}

static struct error *copy_work(void *context, unsigned worker)
{
	struct copy *copy = context;
	_cleanup_free_ uint8_t *buffer = memory_alloc(BATCH_BYTES);
	uint64_t mine, end;

	if (worker == 0 && copy->beside)
		TRY(copy->beside(copy->context, worker));
	while (parallel_take(&copy->share, 1, &mine, &end)) {
		const struct batch *batch = batch_at(copy, mine);

		TRY(check_limit(copy->spool));
		if (copy->source->steps_aside)
			priority_step_aside();
		read_batch(copy, batch, batch->held ? batch->held : buffer, &copy->missing[worker]);
		if (!batch->held)
			TRY(write_parts(copy->spool, &copy->parts.list.items[batch->first],
				batch->count, buffer));
	}
	return NULL;
}

static size_t first_behind(const struct spool *spool, addr_t address)
{
	return sorted_prefix(
		spool->placements.items, spool->placements.count, item, item->end <= address);
}

/* The parts of a normalised list that have a place, or those that have none. */
static void add_placed(
	const struct spool *spool, const struct range *range, bool placed, struct ranges *ret)
{
	addr_t at = range->start;

	for (size_t i = first_behind(spool, at); i < spool->placements.count; i++) {
		const struct placement *placement = &spool->placements.items[i];

		if (placement->start >= range->end)
			break;
		if (placed)
			ranges_add(ret, MAX(at, placement->start), MIN(placement->end, range->end));
		else
			ranges_add(ret, at, MIN(placement->start, range->end));
		at = MAX(at, placement->end);
	}
	if (!placed)
		ranges_add(ret, at, range->end);
}

void spool_missing(const struct spool *spool, const struct ranges *memory, struct ranges *ret)
{
	vec_foreach (range, &memory->list)
		add_placed(spool, range, false, ret);
	ranges_intersect(memory, &spool->outdated, ret);
	ranges_normalise(ret);
}

void spool_forget(struct spool *spool, const struct ranges *memory)
{
	vec_foreach (range, &memory->list)
		add_placed(spool, range, true, &spool->outdated);
	ranges_normalise(&spool->outdated);
	ranges_subtract(&spool->missing, memory);
}

static void add_placements(const struct spool *spool, struct ranges *ret)
{
	vec_foreach (placement, &spool->placements)
		ranges_add(ret, placement->start, placement->end);
}

void spool_keep(struct spool *spool, const struct ranges *memory)
{
	struct ranges others = {0};

	add_placements(spool, &others);
	ranges_subtract(&others, memory);
	spool_forget(spool, &others);
	ranges_deinit(&others);
}

/* Where memory that has a place lies in the file. */
static struct placement placement_of(const struct spool *spool, const struct range *range)
{
	const struct placement *of = &spool->placements.items[first_behind(spool, range->start)];

	return (struct placement){
		range->start, range->end, of->offset + (range->start - of->start)};
}

void spool_contents(const struct spool *spool, struct placements *ret)
{
	struct ranges there = {0};

	add_placements(spool, &there);
	ranges_subtract(&there, &spool->missing);
	ranges_subtract(&there, &spool->outdated);
	vec_foreach (range, &there.list)
		vec_push(&ret->list, placement_of(spool, range));
	ranges_deinit(&there);
}

bool spool_read(const struct spool *spool, const struct range *range, uint8_t *buffer)
{
	addr_t at = range->start;

	if (ranges_overlap(&spool->missing, range) || ranges_overlap(&spool->outdated, range))
		return false;
	for (size_t i = first_behind(spool, at); at < range->end && i < spool->placements.count;
		i++) {
		const struct placement *of = &spool->placements.items[i];
		size_t part = (size_t)(MIN(of->end, range->end) - at);

		if (of->start > at ||
			pread(spool->fd, buffer + (at - range->start), part,
				(off_t)(of->offset + (at - of->start))) != (ssize_t)part)
			return false;
		at += part;
	}
	return at == range->end;
}

/* A file system without holes gets zeros. */
static struct error *erase(const struct spool *spool, const struct placement *placement)
{
	static const uint8_t zeros[OS_PAGE];
	uint64_t length = placement->end - placement->start;

	if (fallocate(spool->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		    (off_t)placement->offset, (off_t)length) == 0)
		return NULL;
	for (uint64_t at = 0; at < length; at += OS_PAGE)
		TRY(write_at(spool->fd, zeros, OS_PAGE, placement->offset + at, CAPTURED));
	return NULL;
}

/* What has a place and is in a normalised list. */
static struct error *erase_in(const struct spool *spool, const struct ranges *memory)
{
	struct ranges placed = {0}, both = {0};
	struct error *error = NULL;

	add_placements(spool, &placed);
	ranges_intersect(&placed, memory, &both); /* one place each */
	vec_foreach (range, &both.list) {
		const struct placement placement = placement_of(spool, range);

		if (!error)
			error = erase(spool, &placement);
	}
	ranges_deinit(&placed);
	ranges_deinit(&both);
	return error;
}

struct error *spool_erase_forgotten(const struct spool *spool)
{
	return erase_in(spool, &spool->outdated);
}

struct error *spool_clear(struct spool *spool, const struct ranges *memory)
{
	ranges_subtract(&spool->missing, memory);
	return erase_in(spool, memory);
}

/* Gives a place to what has none. The new ones are sorted too: they are merged in from the end on,
 * as the target may be standing still. */
static void place(struct spool *spool, const struct ranges *memory)
{
	struct ranges new = {0};

	vec_foreach (range, &memory->list)
		add_placed(spool, range, false, &new);
	size_t old = spool->placements.count, left = new.list.count;
	uint64_t end = spool->end + ranges_bytes(&new);

	spool->end = end;
	vec_reserve(&spool->placements, old + left);
	spool->placements.count = old + left;
	struct placement *items = spool->placements.items;
	while (left) {
		const struct range *range = &new.list.items[left - 1];
		struct placement *into = &items[old + left - 1];

		if (old && items[old - 1].start > range->start) {
			*into = items[--old];
			continue;
		}
		end -= range->end - range->start;
		*into = (struct placement){range->start, range->end, end};
		left--;
	}
	ranges_deinit(&new);
}

static void add_parts(
	struct copy *copy, const struct placement *placement, addr_t start, addr_t end)
{
	for (addr_t at = start; at < end; at += BATCH_BYTES)
		vec_push(&copy->parts.list,
			{.start = at,
				.length = (uint32_t)MIN(end - at, (addr_t)BATCH_BYTES),
				.offset = placement->offset + (at - placement->start)});
}

static void plan_parts(struct copy *copy, const struct ranges *memory)
{
	const struct spool *spool = copy->spool;

	vec_foreach (range, &memory->list) {
		for (size_t i = first_behind(spool, range->start); i < spool->placements.count;
			i++) {
			const struct placement *placement = &spool->placements.items[i];

			if (placement->start >= range->end)
				break;
			add_parts(copy, placement, MAX(range->start, placement->start),
				MIN(range->end, placement->end));
		}
	}
}

/* Parts are joined as long as they are short together. */
static void plan_batches(struct copy *copy)
{
	struct batch *last = NULL;

	for (size_t i = 0; i < copy->parts.list.count; i++) {
		size_t length = copy->parts.list.items[i].length;

		if (!last || last->count == PARTS_MAX || last->length + length > BATCH_BYTES) {
			vec_push(&copy->batches, {.first = i});
			last = vec_last(&copy->batches);
		}
		last->count++;
		last->length += length;
	}
}

/* Gives each batch a place in the buffer, as long as there is room. */
static void hold_batches(struct hold *hold, struct copy *copy)
{
	vec_foreach (batch, &copy->batches) {
		if (hold->used + batch->length > hold->size)
			return;
		batch->held = hold->buffer + hold->used;
		hold->used += batch->length;
		for (size_t i = 0; i < batch->count; i++)
			vec_push(&hold->parts.list, copy->parts.list.items[batch->first + i]);
	}
}

/* What was missing or out of date and has been read now is so no more. */
static void note_missing(struct copy *copy, const struct ranges *memory)
{
	struct spool *spool = copy->spool;

	ranges_subtract(&spool->missing, memory);
	ranges_subtract(&spool->outdated, memory);
	for (size_t i = 0; i < COPY_WORKERS; i++) {
		vec_foreach (range, &copy->missing[i].list)
			ranges_add(&spool->missing, range->start, range->end);
		ranges_deinit(&copy->missing[i]);
	}
	ranges_normalise(&spool->missing);
}

struct error *spool_copy_beside(struct spool *spool, const struct memory_source *source,
	const struct ranges *memory, parallel_fn *beside, void *context)
{
	uint64_t began = clock_now();
	struct copy copy = {.spool = spool, .source = source, .beside = beside, .context = context};

	place(spool, memory);
	plan_parts(&copy, memory);
	plan_batches(&copy);
	copy.share.count = copy.batches.count;
	if (spool->holding)
		hold_batches(spool->hold, &copy);
	unsigned width = MIN(source->workers, (unsigned)COPY_WORKERS);
	if (copy.batches.count <= 1 && !beside)
		width = 1;
	copy.from_both_ends = width > 1;
	struct error *error = parallel_run(width, copy_work, &copy);
	note_missing(&copy, memory);
	spool->bytes_read += ranges_bytes(memory);
	spool->copy_ns += clock_now() - began;
	vec_deinit(&copy.parts.list);
	vec_deinit(&copy.batches);
	return error;
}

struct error *spool_copy(
	struct spool *spool, const struct memory_source *source, const struct ranges *memory)
{
	return spool_copy_beside(spool, source, memory, NULL, NULL);
}

/* Makes all pages of it now; large ones are made, and written to, faster. */
static int populate(uint8_t *buffer, size_t size)
{
	madvise(buffer, size, MADV_HUGEPAGE); /* a kernel without them has the others */
	if (FAULT_POINT("populate", madvise(buffer, size, MADV_POPULATE_WRITE)) == 0)
		return 0;
	if (errno != EINVAL) /* Linux before 5.14 */
		return -1;
	for (size_t at = 0; at < size; at += OS_PAGE)
		*(volatile uint8_t *)(buffer + at) = 0;
	return 0;
}

struct error *spool_reserve(struct spool *spool, size_t bytes)
{
	struct hold *hold = memory_alloc(sizeof(*hold));

	hold->size = MAX(bytes, (size_t)OS_PAGE);
	hold->buffer =
		mmap(NULL, hold->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (hold->buffer == MAP_FAILED || populate(hold->buffer, hold->size) < 0) {
		struct error *error =
			error_system("cannot get %zu MB of memory for the capture", bytes >> 20);

		if (hold->buffer != MAP_FAILED)
			hold_destroy(hold);
		else
			free(hold);
		return error;
	}
	spool->hold = hold;
	return NULL;
}

void spool_hold(struct spool *spool)
{
	spool->holding = spool->hold != NULL;
}

/* Writes parts from `first` on, about so many bytes of them. */
static struct error *flush_some(const struct spool *spool, const struct hold *hold, size_t at,
	size_t *first, size_t *ret_length)
{
	size_t next = *first, length = 0;

	while (next < hold->parts.list.count && length < GIVE_BACK_BYTES)
		length += hold->parts.list.items[next++].length;
	TRY(write_parts(spool, &hold->parts.list.items[*first], next - *first, hold->buffer + at));
	*first = next;
	*ret_length = length;
	return NULL;
}

/* What has been written is given back to the kernel: the file may be in memory too. */
static struct error *flush(const struct spool *spool, const struct hold *hold)
{
	size_t first = 0, length;

	for (size_t at = 0; at < hold->used; at += length) {
		TRY(flush_some(spool, hold, at, &first, &length));
		madvise(hold->buffer + page_down(at), page_down(length), MADV_DONTNEED);
	}
	return NULL;
}

struct error *spool_flush(struct spool *spool)
{
	struct hold *hold = take_pointer(spool->hold);

	spool->holding = false;
	struct error *error = hold ? flush(spool, hold) : NULL;
	hold_destroy(hold);
	return error;
}
