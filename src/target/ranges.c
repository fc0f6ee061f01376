#include "ranges.h"

#include "sorted.h"

void ranges_add(struct ranges *ranges, addr_t start, addr_t end)
{
	if (start < end)
		vec_push(&ranges->list, {.start = start, .end = end});
}

void ranges_add_pages(struct ranges *ranges, addr_t start, addr_t end)
{
	ranges_add(ranges, page_down(start), page_up(end));
}

void ranges_extend(struct ranges *ranges, addr_t start, addr_t end)
{
	struct range *last = ranges->list.count ? vec_last(&ranges->list) : NULL;

	if (last && last->end == start && start < end)
		last->end = end;
	else
		ranges_add(ranges, start, end);
}

static int by_start(const void *left, const void *right)
{
	const struct range *a = left, *b = right;

	return (a->start > b->start) - (a->start < b->start);
}

/* Most lists are made in order. */
static bool is_sorted(const struct ranges *ranges)
{
	for (size_t i = 1; i < ranges->list.count; i++) {
		if (ranges->list.items[i].start < ranges->list.items[i - 1].start)
			return false;
	}
	return true;
}

void ranges_normalise(struct ranges *ranges)
{
	size_t kept = 0;

	if (!ranges->list.count)
		return;
	if (!is_sorted(ranges))
		qsort(ranges->list.items, ranges->list.count, sizeof(struct range), by_start);
	for (size_t i = 1; i < ranges->list.count; i++) {
		struct range *last = &ranges->list.items[kept];
		struct range next = ranges->list.items[i];

		if (next.start <= last->end)
			last->end = MAX(last->end, next.end);
		else
			ranges->list.items[++kept] = next;
	}
	ranges->list.count = kept + 1;
}

void ranges_remove(struct ranges *ranges, addr_t start, addr_t end)
{
	struct ranges left = {0};

	vec_foreach (range, &ranges->list) {
		ranges_add(&left, range->start, MIN(range->end, start));
		ranges_add(&left, MAX(range->start, end), range->end);
	}
	ranges_deinit(ranges);
	*ranges = left;
}

void ranges_subtract(struct ranges *ranges, const struct ranges *others)
{
	struct ranges left = {0};
	size_t other = 0;

	if (!ranges->list.count || !others->list.count)
		return;
	vec_foreach (range, &ranges->list) {
		addr_t at = range->start;

		while (other < others->list.count && others->list.items[other].end <= at)
			other++;
		for (size_t i = other;
			i < others->list.count && others->list.items[i].start < range->end; i++) {
			ranges_add(&left, at, others->list.items[i].start);
			at = MAX(at, others->list.items[i].end);
		}
		ranges_add(&left, at, range->end);
	}
	ranges_deinit(ranges);
	*ranges = left;
}

void ranges_intersect(const struct ranges *left, const struct ranges *right, struct ranges *ret)
{
	size_t i = 0, k = 0;

	while (i < left->list.count && k < right->list.count) {
		const struct range *a = &left->list.items[i], *b = &right->list.items[k];

		ranges_add(ret, MAX(a->start, b->start), MIN(a->end, b->end));
		if (a->end < b->end)
			i++;
		else
			k++;
	}
}

bool ranges_overlap(const struct ranges *ranges, const struct range *range)
{
	size_t low = sorted_prefix(
		ranges->list.items, ranges->list.count, item, item->end <= range->start);

	return low < ranges->list.count && ranges->list.items[low].start < range->end;
}

bool ranges_have(const struct ranges *ranges, addr_t address)
{
	return ranges_overlap(ranges, &(struct range){address, address + 1});
}

uint64_t ranges_bytes(const struct ranges *ranges)
{
	uint64_t bytes = 0;

	vec_foreach (range, &ranges->list)
		bytes += range->end - range->start;
	return bytes;
}

void ranges_deinit(struct ranges *ranges)
{
	vec_deinit(&ranges->list);
}
