#include "finding_kind.h"

#include <string.h>

#include "alloc_sites.h"
#include "clock.h"
#include "goroutine_text.h"
#include "subject.h"

/* What holds less than both is left out. */
enum {
	SMALLEST_BYTES = 64 << 10,
	SMALLEST_SHARE = 1000, /* a thousandth of the live bytes */
};

static const struct finding_kind *const kinds[] = {
	&boxed_values,
	&closure_captures,
	&context_chain,
	&duplicate_strings,
	&finalizer,
	&goroutine_deadlock,
	&goroutine_frame,
	&goroutine_likely,
	&goroutine_never_wakes,
	&goroutine_orphan,
	&hidden_pointer,
	&lock_convoy,
	&map_any,
	&map_grows,
	&map_slack,
	&pool_hoard,
	&registry_grows,
	&runtime_held,
	&slice_pin,
	&timer_kept,
	&value_pins,
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

static void add_up(struct finding *to, const struct finding *from)
{
	to->count += from->count;
	to->holds_bytes += from->holds_bytes;
	to->frees_bytes += from->frees_bytes;
	to->address = 0;
	to->growth.objects += from->growth.objects;
	to->growth.bytes += from->growth.bytes;
	to->growth.survivors += from->growth.survivors;
	to->growth.bytes_per_minute += from->growth.bytes_per_minute;
}

/* Shards have one name; the largest speaks for them. The list is sorted. */
static void add_up_same_names(struct finding_list *findings)
{
	for (size_t i = 0; i < findings->list.count; i++) {
		struct finding *first = &findings->list.items[i];

		for (size_t k = i + 1; first->kind->sums && k < findings->list.count;) {
			struct finding *other = &findings->list.items[k];

			if (other->kind != first->kind || other->tier != first->tier ||
				strcmp(other->subject, first->subject) != 0) {
				k++;
				continue;
			}
			add_up(first, other);
			finding_remove(findings, k);
		}
	}
}

static void find_allocation(const struct analysis *analysis, struct finding *finding)
{
	object_t object =
		finding->address ? heap_object_at(analysis->heap, finding->address) : NO_OBJECT;

	if (object != NO_OBJECT)
		finding->allocated_at = alloc_site_of(analysis, object);
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
	vec_foreach (finding, &findings->list)
		find_allocation(base->analysis, finding);
	note_time(findings, "allocations", &began);
	if (findings->list.count)
		qsort(findings->list.items, findings->list.count, sizeof(*findings->list.items),
			by_weight);
	add_up_same_names(findings);
	return NULL;
}

struct error *findings_find(const struct analysis *analysis, struct naming *naming,
	const struct memory_account *memory, const struct growth *growth, struct finding_list *ret)
{
	_cleanup_(cleanup_goroutine_verdicts) struct goroutine_verdicts *goroutines = NULL;
	struct finding_list findings = {0};
	_cleanup_(cleanup_value_evidence) struct value_evidence *values = NULL;
	struct map_list maps;
	uint64_t began = clock_now();

	TRY(goroutine_verdicts_find(analysis, &goroutines));
	note_time(&findings, "goroutines", &began);
	TRY(value_evidence_find(analysis, &values));
	note_time(&findings, "values", &began);
	map_list_find(analysis, &maps);
	note_time(&findings, "maps", &began);
	struct evidence_base base = {
		.analysis = analysis,
		.naming = naming,
		.goroutines = goroutines,
		.maps = &maps,
		.memory = memory,
		.growth = growth,
		.values = values,
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
