#include "spool.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core_format.h"
#include "parallel.h"
#include "write_at.h"

enum {
	COPY_UNIT = 1 << 20,
	COPY_WORKERS = 2,
};

/* One read, and where its bytes go in the file. */
struct unit {
	addr_t start;
	uint32_t length;
	uint64_t offset;
};

/* A buffer for what is copied while the target stands still. */
struct hold {
	uint8_t *buffer;
	size_t size;
	size_t used;            /* atomic */
	VEC(struct unit) units; /* by worker's turn; bytes follow each other in the buffer */
	size_t unit_count;      /* atomic */
	size_t *at;             /* of each unit in the buffer */
};

struct copy {
	struct spool *spool;
	const struct memory_source *source;
	VEC(struct unit) units;
	size_t next; /* atomic: the next unit to take */
	struct ranges missing[COPY_WORKERS];
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
	vec_deinit(&hold->units);
	free(hold->at);
	free(hold);
}

void spool_deinit(struct spool *spool)
{
	vec_deinit(&spool->placements);
	ranges_deinit(&spool->missing);
	ranges_deinit(&spool->outdated);
	hold_destroy(spool->hold);
}

static struct error *write_bytes(int fd, const uint8_t *bytes, size_t length, uint64_t offset)
{
	return write_at(fd, bytes, length, offset,
		"the captured memory (the directory given by TMPDIR or --output is used for it)");
}

/* Reads what can be read of a unit; pages that cannot be are zero and noted as missing. */
static void read_unit(const struct memory_source *source, const struct unit *unit, uint8_t *buffer,
	struct ranges *missing)
{
	size_t done = 0;

	while (done < unit->length) {
		addr_t at = unit->start + done;
		size_t got = memory_source_read(source, at, buffer + done, unit->length - done);

		if (got) {
			done += got;
			continue;
		}
		addr_t page_end = (at & ~(addr_t)(CORE_PAGE_SIZE - 1)) + CORE_PAGE_SIZE;
		size_t skip = MIN(page_end - at, unit->length - done);

		memset(buffer + done, 0, skip);
		ranges_add(missing, at, at + skip);
		done += skip;
	}
}

/* Room in the buffer for a unit; NULL: there is none left. */
static uint8_t *hold_unit(struct hold *hold, const struct unit *unit)
{
	size_t at = __atomic_fetch_add(&hold->used, unit->length, __ATOMIC_RELAXED);

	if (at + unit->length > hold->size)
		return NULL;
	size_t number = __atomic_fetch_add(&hold->unit_count, 1, __ATOMIC_RELAXED);
	hold->units.items[number] = *unit;
	hold->at[number] = at;
	return hold->buffer + at;
}

static struct error *copy_work(void *context, unsigned worker)
{
	struct copy *copy = context;
	_cleanup_free_ uint8_t *buffer = memory_alloc(COPY_UNIT);

	for (;;) {
		size_t mine = __atomic_fetch_add(&copy->next, 1, __ATOMIC_RELAXED);

		if (mine >= copy->units.count)
			return NULL;
		const struct unit *unit = &copy->units.items[mine];
		uint8_t *held = copy->spool->holding ? hold_unit(copy->spool->hold, unit) : NULL;

		read_unit(copy->source, unit, held ? held : buffer, &copy->missing[worker]);
		if (!held)
			TRY(write_bytes(copy->spool->fd, buffer, unit->length, unit->offset));
	}
}

static size_t first_behind(const struct spool *spool, addr_t address)
{
	size_t low = 0, high = spool->placements.count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (spool->placements.items[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
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
	static const uint8_t zeros[CORE_PAGE_SIZE];
	uint64_t length = placement->end - placement->start;

	if (fallocate(spool->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		    (off_t)placement->offset, (off_t)length) == 0)
		return NULL;
	for (uint64_t at = 0; at < length; at += CORE_PAGE_SIZE)
		TRY(write_bytes(spool->fd, zeros, CORE_PAGE_SIZE, placement->offset + at));
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

static int by_start(const void *left, const void *right)
{
	const struct placement *a = left, *b = right;

	return (a->start > b->start) - (a->start < b->start);
}

/* Gives a place to what has none. */
static void place(struct spool *spool, const struct ranges *memory)
{
	struct ranges new = {0};

	vec_foreach (range, &memory->list)
		add_placed(spool, range, false, &new);
	vec_foreach (range, &new.list) {
		vec_push(&spool->placements, {range->start, range->end, spool->end});
		spool->end += range->end - range->start;
	}
	if (new.list.count)
		qsort(spool->placements.items, spool->placements.count, sizeof(struct placement),
			by_start);
	ranges_deinit(&new);
}

static void add_units(
	struct copy *copy, const struct placement *placement, addr_t start, addr_t end)
{
	for (addr_t at = start; at < end; at += COPY_UNIT)
		vec_push(&copy->units,
			{.start = at,
				.length = (uint32_t)MIN(end - at, (addr_t)COPY_UNIT),
				.offset = placement->offset + (at - placement->start)});
}

static void plan_units(struct copy *copy, const struct ranges *memory)
{
	const struct spool *spool = copy->spool;

	vec_foreach (range, &memory->list) {
		for (size_t i = first_behind(spool, range->start); i < spool->placements.count;
			i++) {
			const struct placement *placement = &spool->placements.items[i];

			if (placement->start >= range->end)
				break;
			add_units(copy, placement, MAX(range->start, placement->start),
				MIN(range->end, placement->end));
		}
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

static void hold_reserve(struct hold *hold, size_t units)
{
	vec_reserve(&hold->units, hold->unit_count + units);
	hold->at = memory_resize(hold->at, hold->units.capacity, sizeof(*hold->at));
}

struct error *spool_copy(
	struct spool *spool, const struct memory_source *source, const struct ranges *memory)
{
	struct copy copy = {.spool = spool, .source = source};

	place(spool, memory);
	plan_units(&copy, memory);
	if (spool->holding)
		hold_reserve(spool->hold, copy.units.count);
	unsigned width = MIN(source->workers, (unsigned)COPY_WORKERS);
	struct error *error =
		copy.units.count > 1 ? parallel_run(width, copy_work, &copy) : copy_work(&copy, 0);
	note_missing(&copy, memory);
	spool->bytes_read += ranges_bytes(memory);
	vec_deinit(&copy.units);
	return error;
}

struct error *spool_reserve(struct spool *spool, size_t bytes)
{
	struct hold *hold = memory_alloc(sizeof(*hold));

	hold->size = MAX(bytes, (size_t)CORE_PAGE_SIZE);
	hold->buffer = mmap(NULL, hold->size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (hold->buffer == MAP_FAILED) {
		free(hold);
		return error_system("cannot get %zu MB of memory for the capture", bytes >> 20);
	}
	spool->hold = hold;
	return NULL;
}

void spool_hold(struct spool *spool)
{
	spool->holding = spool->hold != NULL;
}

struct error *spool_flush(struct spool *spool)
{
	struct hold *hold = take_pointer(spool->hold);
	struct error *error = NULL;

	spool->holding = false;
	for (size_t i = 0; hold && i < hold->unit_count && !error; i++) {
		const struct unit *unit = &hold->units.items[i];

		error = write_bytes(
			spool->fd, hold->buffer + hold->at[i], unit->length, unit->offset);
	}
	hold_destroy(hold);
	return error;
}
