#include "memory_account.h"

#include <string.h>

#include "arenas.h"
#include "bitset.h"
#include "sorted.h"

struct accountant {
	const struct analysis *analysis;
	const struct residency *residency;
	struct memory_account *account;
	struct ranges arenas;
	struct ranges stacks; /* of goroutines */
};

/* How much of [start, end) is resident. */
static uint64_t resident_of(const struct accountant *accountant, addr_t start, addr_t end)
{
	const struct ranges *pages = &accountant->residency->pages;
	uint64_t bytes = 0;
	size_t low = sorted_prefix(pages->list.items, pages->list.count, item, item->end <= start);

	for (; low < pages->list.count && pages->list.items[low].start < end; low++)
		bytes += MIN(pages->list.items[low].end, end) -
			 MAX(pages->list.items[low].start, start);
	return bytes;
}

static uint64_t resident_of_ranges(const struct accountant *accountant, const struct ranges *ranges)
{
	uint64_t bytes = 0;

	vec_foreach (range, &ranges->list)
		bytes += resident_of(accountant, range->start, range->end);
	return bytes;
}

static enum memory_use use_of_slot(
	const struct accountant *accountant, const struct span *span, uint32_t slot)
{
	if (!span_allocated(accountant->analysis->heap, span, slot))
		return USE_FREE_SLOTS;
	return analysis_alive(accountant->analysis, span->first + slot) ? USE_LIVE : USE_GARBAGE;
}

/* Slot by slot: not all of its pages are in memory. */
static void add_partly_resident(
	const struct accountant *accountant, const struct span *span, uint64_t resident)
{
	uint64_t *sums = accountant->account->resident;

	for (uint32_t slot = 0; slot < span->nelems; slot++) {
		addr_t start = span->start + slot * span->elemsize;
		uint64_t bytes = resident_of(accountant, start, start + span->elemsize);

		sums[use_of_slot(accountant, span, slot)] += bytes;
		resident -= bytes;
	}
	sums[USE_FREE_SLOTS] += resident; /* behind the last slot */
}

static void add_span(struct accountant *accountant, const struct span *span)
{
	struct memory_account *account = accountant->account;
	struct class_use *class = &account->classes[span->spanclass >> 1];
	uint64_t bytes = (uint64_t)span->npages << RUNTIME_PAGE_SHIFT;
	uint64_t resident = resident_of(accountant, span->start, span->start + bytes);
	uint64_t slots[MEMORY_USES] = {0};

	for (uint32_t slot = 0; slot < span->nelems; slot++)
		slots[use_of_slot(accountant, span, slot)] += span->elemsize;
	uint64_t free_bytes = bytes - slots[USE_LIVE] - slots[USE_GARBAGE];
	class->span_bytes += bytes;
	class->live_bytes += slots[USE_LIVE];
	class->free_bytes += free_bytes;
	if (resident < bytes) {
		add_partly_resident(accountant, span, resident);
		return;
	}
	account->resident[USE_LIVE] += slots[USE_LIVE];
	account->resident[USE_GARBAGE] += slots[USE_GARBAGE];
	account->resident[USE_FREE_SLOTS] += free_bytes;
}

/* Manual spans are stacks, free stacks, and buffers of the collector. */
static void add_manual(struct accountant *accountant)
{
	uint64_t *sums = accountant->account->resident;
	uint64_t all = resident_of_ranges(accountant, &accountant->analysis->heap->stacks);
	struct ranges in_spans = {0};

	ranges_intersect(&accountant->stacks, &accountant->analysis->heap->stacks, &in_spans);
	sums[USE_STACKS] = resident_of_ranges(accountant, &in_spans);
	sums[USE_FREE_STACKS] = all - sums[USE_STACKS];
	ranges_deinit(&in_spans);
}

/* What of the arenas is in no span. */
static void add_free_pages(struct accountant *accountant)
{
	const struct heap *heap = accountant->analysis->heap;
	struct ranges free_pages = {0}, spans = {0};

	for (uint32_t i = 0; i < heap->span_count; i++)
		ranges_add(&spans, heap->spans[i].start,
			heap->spans[i].start +
				((uint64_t)heap->spans[i].npages << RUNTIME_PAGE_SHIFT));
	vec_foreach (range, &heap->stacks.list)
		ranges_add(&spans, range->start, range->end);
	ranges_normalise(&spans);
	vec_foreach (arena, &accountant->arenas.list)
		ranges_add(&free_pages, arena->start, arena->end);
	ranges_subtract(&free_pages, &spans);
	accountant->account->resident[USE_FREE_PAGES] = resident_of_ranges(accountant, &free_pages);
	ranges_deinit(&free_pages);
	ranges_deinit(&spans);
}

static bool holds_variables(
	const struct accountant *accountant, const struct resident_mapping *mapping)
{
	vec_foreach (module, &accountant->analysis->program->runtime->modules.list) {
		if (module->noptrbss < mapping->end && mapping->start < module->end)
			return true;
	}
	return false;
}

/* Memory of C: a heap of its own, or its libraries. Without it all that is in no file is Go's. */
static bool has_c(const struct residency *residency)
{
	vec_foreach (mapping, &residency->mappings) {
		if (!strcmp(mapping->name, "[heap]") || strstr(mapping->name, ".so"))
			return true;
	}
	return false;
}

static bool holds_spans(const addr_t *spans, size_t count, const struct resident_mapping *mapping)
{
	size_t low = sorted_prefix(spans, count, item, *item < mapping->start);

	return low < count && spans[low] < mapping->end;
}

static int by_address(const void *left, const void *right)
{
	addr_t a = *(const addr_t *)left, b = *(const addr_t *)right;

	return (a > b) - (a < b);
}

/* Go names its mappings since 1.25, where the kernel lets it (prctl(2), PR_SET_VMA_ANON_NAME). */
static bool is_named_go(const struct resident_mapping *mapping)
{
	return strstr(mapping->name, ": Go:") != NULL;
}

static uint64_t bytes_in_arenas(
	const struct accountant *accountant, const struct resident_mapping *mapping)
{
	uint64_t bytes = 0;

	vec_foreach (arena, &accountant->arenas.list) {
		addr_t start = MAX(arena->start, mapping->start);
		addr_t end = MIN(arena->end, mapping->end);

		if (start < end)
			bytes += resident_of(accountant, start, end);
	}
	return bytes;
}

/* What is outside of the arenas. */
static struct error *add_mappings(struct accountant *accountant)
{
	const struct residency *residency = accountant->residency;
	_cleanup_free_ addr_t *spans = NULL;
	size_t count;
	bool only_go = !has_c(residency);

	TRY(mspan_list(accountant->analysis->program->runtime, &spans, &count));
	qsort(spans, count, sizeof(*spans), by_address);
	vec_foreach (mapping, &residency->mappings) {
		enum memory_use use = USE_OUTSIDE;

		if (mapping->name[0] == '/' || holds_variables(accountant, mapping))
			use = USE_PROGRAM;
		else if (is_named_go(mapping) || holds_spans(spans, count, mapping) ||
			 (only_go && !mapping->name[0]))
			use = USE_RUNTIME;
		accountant->account->resident[use] +=
			mapping->bytes - bytes_in_arenas(accountant, mapping);
	}
	return NULL;
}

static struct error *make(struct accountant *accountant)
{
	const struct analysis *analysis = accountant->analysis;

	TRY(arenas_list(analysis->program->runtime, &accountant->arenas));
	vec_foreach (goroutine, &analysis->objects->stacks.goroutines.list)
		ranges_add(&accountant->stacks, goroutine->stack_low, goroutine->stack_high);
	ranges_normalise(&accountant->stacks);
	for (uint32_t i = 0; i < analysis->heap->span_count; i++)
		add_span(accountant, &analysis->heap->spans[i]);
	add_manual(accountant);
	add_free_pages(accountant);
	return add_mappings(accountant);
}

struct error *memory_account_make(const struct analysis *analysis, struct memory_account *ret)
{
	const struct residency *residency = &analysis->program->target->residency;
	struct memory_account account = {
		.resident_known = residency->rss_bytes != 0,
		.rss_bytes = residency->rss_bytes,
	};
	struct accountant accountant = {
		.analysis = analysis, .residency = residency, .account = &account};

	for (size_t i = 0; i < ARRAY_SIZE(account.classes); i++)
		account.classes[i].slot_bytes = size_classes[i];
	struct error *error = make(&accountant);
	ranges_deinit(&accountant.arenas);
	ranges_deinit(&accountant.stacks);
	if (!error)
		*ret = account;
	return error;
}

static const struct {
	const char *key;
	const char *text;
} uses[MEMORY_USES] = {
	[USE_LIVE] = {"live", "live objects"},
	[USE_GARBAGE] = {"garbage", "garbage"},
	[USE_FREE_SLOTS] = {"free_slots", "free slots between objects"},
	[USE_FREE_PAGES] = {"free_pages", "free pages of the heap"},
	[USE_STACKS] = {"stacks", "stacks of goroutines"},
	[USE_FREE_STACKS] = {"free_stacks", "free stacks and buffers"},
	[USE_RUNTIME] = {"runtime", "tables of the runtime"},
	[USE_PROGRAM] = {"program", "code and variables"},
	[USE_OUTSIDE] = {"outside", "memory outside of Go"},
};

const char *memory_use_text(enum memory_use use)
{
	return uses[use].text;
}

const char *memory_use_key(enum memory_use use)
{
	return uses[use].key;
}
