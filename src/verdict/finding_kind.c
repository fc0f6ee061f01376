#include "finding_kind.h"

#include <string.h>

#include "alloc_sites.h"
#include "clock.h"
#include "goroutine_text.h"
#include "parallel.h"
#include "subject.h"

/* What holds less than both is left out. */
enum {
	SMALLEST_BYTES = 64 << 10,
	SMALLEST_SHARE = 1000, /* a thousandth of the live bytes */
};

enum { PREPARATIONS = 2 }; /* at the same time */

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

static void add_time(struct finding_list *findings, const char *what, uint64_t ns)
{
	vec_push(&findings->times, {.what = what, .ns = ns});
}

/* The time since `began`, which becomes now. */
static void note_time(struct finding_list *findings, const char *what, uint64_t *began)
{
	uint64_t now = clock_now();

	add_time(findings, what, now - *began);
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

/* Each kind has a list of its own, so that several can be looked for at once. */
struct search {
	const struct evidence_base *base;
	struct finding_list found[ARRAY_SIZE(kinds)];
	struct parallel_share kinds;
};

static struct error *find_kinds(void *context, unsigned worker)
{
	struct search *search = context;
	uint64_t mine, end;

	(void)worker;
	while (parallel_take(&search->kinds, 1, &mine, &end)) {
		uint64_t began = clock_now();
		struct error *error = kinds[mine]->find(search->base, &search->found[mine]);
		if (error)
			return error_context(error, "looking for %s", kinds[mine]->name);
		note_time(&search->found[mine], kinds[mine]->name, &began);
	}
	return NULL;
}

/* What one list owns is the other's from now on. */
static void take_over(struct finding_list *to, struct finding_list *from)
{
	vec_foreach (finding, &from->list)
		vec_push(&to->list, *finding);
	vec_foreach (time, &from->times)
		vec_push(&to->times, *time);
	vec_foreach (note, &from->notes)
		vec_push(&to->notes, *note);
	from->list.count = from->notes.count = 0;
}

static struct error *find_all(const struct evidence_base *base, struct finding_list *findings)
{
	struct search search = {.base = base, .kinds = {.count = ARRAY_SIZE(kinds)}};
	struct error *error = parallel_run(parallel_width(), find_kinds, &search);

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		take_over(findings, &search.found[i]);
		finding_list_deinit(&search.found[i]);
	}
	return error;
}

/* Names, where they were allocated, and the order. */
static struct error *complete(const struct evidence_base *base, struct finding_list *findings)
{
	uint64_t began = clock_now();

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

/* What several kinds look at, beside the inventory. */
struct preparation {
	const struct analysis *analysis;
	struct goroutine_verdicts *goroutines;
	struct value_evidence *values;
	uint64_t goroutines_ns, values_ns;
};

/* One worker judges goroutines, the other looks at values. */
static struct error *prepare(void *context, unsigned worker)
{
	struct preparation *preparation = context;
	uint64_t began = clock_now();

	if (worker) {
		TRY(goroutine_verdicts_find(preparation->analysis, &preparation->goroutines));
		preparation->goroutines_ns = clock_now() - began;
	} else {
		TRY(value_evidence_find(preparation->analysis, &preparation->values));
		preparation->values_ns = clock_now() - began;
	}
	return NULL;
}

static void preparation_deinit(struct preparation *preparation)
{
	goroutine_verdicts_destroy(preparation->goroutines);
	value_evidence_destroy(preparation->values);
}

struct error *findings_find(const struct analysis *analysis, struct naming *naming,
	const struct inventory *inventory, const struct growth *growth, struct finding_list *ret)
{
	struct preparation preparation = {.analysis = analysis};
	struct finding_list findings = {0};
	uint64_t began = clock_now();

	add_time(&findings, "maps", inventory->maps_ns);
	struct error *error = parallel_run(PREPARATIONS, prepare, &preparation);
	add_time(&findings, "values", preparation.values_ns);
	add_time(&findings, "goroutines", preparation.goroutines_ns);
	const struct evidence_base base = {
		.analysis = analysis,
		.naming = naming,
		.goroutines = preparation.goroutines,
		.maps = &inventory->maps,
		.memory = &inventory->memory,
		.growth = growth,
		.values = preparation.values,
		.now_ns = goroutine_clock(analysis),
	};
	if (!error)
		error = find_all(&base, &findings);
	if (!error)
		error = complete(&base, &findings);
	preparation_deinit(&preparation);
	if (error) {
		finding_list_deinit(&findings);
		return error;
	}
	findings.elapsed_ns = inventory->maps_ns + clock_now() - began;
	*ret = findings;
	return NULL;
}
