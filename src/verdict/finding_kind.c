#include "finding_kind.h"

#include <string.h>

#include "clock.h"
#include "goroutine_text.h"
#include "subject.h"

/* What holds less than both is left out. */
enum {
	SMALLEST_BYTES = 64 << 10,
	SMALLEST_SHARE = 1000, /* a thousandth of the live bytes */
};

static const struct finding_kind *const kinds[] = {
	&closure_captures,
	&context_chain,
	&finalizer,
	&goroutine_frame,
	&goroutine_never_wakes,
	&map_slack,
	&pool_hoard,
	&runtime_held,
	&timer_kept,
};

bool finding_matters(const struct analysis *analysis, uint64_t bytes)
{
	return bytes >= SMALLEST_BYTES && bytes >= analysis->figures.live_bytes / SMALLEST_SHARE;
}

static int compare_numbers(uint64_t left, uint64_t right)
{
	return left < right ? -1 : left > right;
}

/* The rest of the order makes equal programs give equal reports. */
static int by_weight(const void *left, const void *right)
{
	const struct finding *a = left, *b = right;
	bool a_hint = a->tier == TIER_HINT, b_hint = b->tier == TIER_HINT;

	if (a_hint != b_hint)
		return a_hint ? 1 : -1;
	int order =
		compare_numbers(b->holds_bytes + b->stack_bytes, a->holds_bytes + a->stack_bytes);
	if (order)
		return order;
	if (a->kind != b->kind)
		return strcmp(a->kind->name, b->kind->name);
	return strcmp(a->subject, b->subject);
}

/* The time since `began`, which becomes now. */
static void note_time(struct finding_list *findings, const char *what, uint64_t *began)
{
	uint64_t now = clock_now();

	vec_push(&findings->times, {.what = what, .ns = now - *began});
	*began = now;
}

static struct error *find_all(const struct evidence_base *base, struct finding_list *findings)
{
	uint64_t began = clock_now();

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct error *error = kinds[i]->find(base, findings);

		if (error)
			return error_context(error, "looking for %s", kinds[i]->name);
		note_time(findings, kinds[i]->name, &began);
	}
	TRY(subjects_name(base->analysis, base->naming, findings));
	note_time(findings, "names", &began);
	if (findings->list.count)
		qsort(findings->list.items, findings->list.count, sizeof(*findings->list.items),
			by_weight);
	return NULL;
}

struct error *findings_find(const struct analysis *analysis, struct naming *naming,
	const struct memory_account *memory, struct finding_list *ret)
{
	_cleanup_(cleanup_never_wakes) struct never_wakes *wakes = NULL;
	struct finding_list findings = {0};
	struct map_list maps;
	uint64_t began = clock_now();

	TRY(never_wakes_find(analysis, &wakes));
	note_time(&findings, "goroutines", &began);
	map_list_find(analysis, &maps);
	note_time(&findings, "maps", &began);
	struct evidence_base base = {
		.analysis = analysis,
		.naming = naming,
		.wakes = wakes,
		.maps = &maps,
		.memory = memory,
		.now_ns = goroutine_clock(analysis),
	};
	struct error *error = find_all(&base, &findings);
	map_list_deinit(&maps);
	if (error) {
		finding_list_deinit(&findings);
		return error;
	}
	*ret = findings;
	return NULL;
}
