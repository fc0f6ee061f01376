#include "pieces.h"

#include <string.h>
#include <sys/uio.h>

#include "fault_point.h"
#include "parallel.h"
#include "sorted.h"

enum { PIECES_PER_CALL = 512 };

static int by_address(const void *left, const void *right)
{
	const struct piece *a = left, *b = right;

	return (a->address > b->address) - (a->address < b->address);
}

void pieces_init(struct pieces *pieces, const struct ranges *wanted)
{
	uint8_t *bytes = memory_alloc(ranges_bytes(wanted) + 1);

	*pieces = (struct pieces){.bytes = bytes};
	vec_foreach (range, &wanted->list) {
		vec_push(&pieces->list, {.address = range->start,
						.length = (uint32_t)(range->end - range->start),
						.bytes = bytes});
		bytes += range->end - range->start;
	}
	if (pieces->list.count)
		qsort(pieces->list.items, pieces->list.count, sizeof(struct piece), by_address);
}

void pieces_deinit(struct pieces *pieces)
{
	vec_deinit(&pieces->list);
	free(pieces->bytes);
	pieces->bytes = NULL;
}

/* The kernel stops at the first piece that it cannot read. Returns how many were read whole. */
static size_t read_pieces(const struct memory_source *source, struct piece **pieces, size_t count)
{
	struct iovec local[PIECES_PER_CALL], remote[PIECES_PER_CALL];

	if (!memory_source_takes_lists(source))
		return memory_source_read(source, pieces[0]->address, pieces[0]->bytes,
			       pieces[0]->length) == pieces[0]->length;
	for (size_t i = 0; i < count; i++) {
		local[i] = (struct iovec){pieces[i]->bytes, pieces[i]->length};
		remote[i] =
			(struct iovec){(void *)(uintptr_t)pieces[i]->address, pieces[i]->length};
	}
	ssize_t got =
		FAULT_POINT("readv", process_vm_readv(source->pid, local, count, remote, count, 0));
	size_t left = got > 0 ? (size_t)got : 0, whole = 0;

	for (; whole < count && pieces[whole]->length <= left; whole++)
		left -= pieces[whole]->length;
	return whole;
}

static void read_all_pieces(const struct memory_source *source, struct piece **pieces, size_t count)
{
	size_t per_call = memory_source_takes_lists(source) ? PIECES_PER_CALL : 1;

	for (size_t at = 0; at < count;) {
		size_t wanted = MIN(count - at, per_call);
		size_t whole = read_pieces(source, pieces + at, wanted);

		if (whole < wanted)
			pieces[at + whole++]->length = 0;
		at += whole;
	}
}

struct reading {
	const struct memory_source *source;
	struct piece **pieces;
	struct parallel_share share;
};

static struct error *read_work(void *context, unsigned worker)
{
	struct reading *reading = context;
	uint64_t at, end;

	(void)worker;
	while (parallel_take(&reading->share, PIECES_PER_CALL, &at, &end))
		read_all_pieces(reading->source, reading->pieces + at, end - at);
	return NULL;
}

void pieces_read(
	struct pieces *pieces, const struct memory_source *source, const struct ranges *within)
{
	VEC(struct piece *) chosen = {0};
	size_t range = 0;

	vec_foreach (piece, &pieces->list) {
		while (within && range < within->list.count &&
			within->list.items[range].end <= piece->address)
			range++;
		bool inside = !within || (range < within->list.count &&
						 within->list.items[range].start <
							 piece->address + piece->length);

		if (piece->length && inside)
			vec_push(&chosen, piece);
	}
	struct reading reading = {source, chosen.items, {.count = chosen.count}};
	unsigned width = chosen.count > PIECES_PER_CALL ? source->workers : 1;
	/* Where no second thread can be started, the first one does it all. */
	error_destroy(parallel_run(width, read_work, &reading));
	vec_deinit(&chosen);
}

/* The place of the first piece that begins behind the address. */
static size_t first_behind(const struct pieces *pieces, addr_t address)
{
	return sorted_prefix(
		pieces->list.items, pieces->list.count, item, item->address <= address);
}

bool pieces_copy(const struct pieces *from, const struct piece *to)
{
	addr_t at = to->address, end = to->address + to->length;
	size_t behind = first_behind(from, at);

	for (size_t i = behind ? behind - 1 : 0; at < end && i < from->list.count; i++) {
		const struct piece *piece = &from->list.items[i];
		addr_t piece_end = piece->address + piece->length;

		if (piece_end <= at)
			continue;
		if (piece->address > at)
			return false;
		size_t part = (size_t)(MIN(piece_end, end) - at);
		memcpy(to->bytes + (at - to->address), piece->bytes + (at - piece->address), part);
		at += part;
	}
	return at == end;
}

void pieces_ranges(const struct pieces *pieces, struct ranges *ret)
{
	vec_foreach (piece, &pieces->list)
		ranges_add(ret, piece->address, piece->address + piece->length);
	ranges_normalise(ret);
}
