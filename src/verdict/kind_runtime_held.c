/* Resident memory that nobody holds: it is not live heap, so no chain of references explains it.
 *
 * Guard: a heap needs room. After a collection half of it and more is free, the runtime keeps free
 * pages for the next cycle, and a quarter of the resident memory must be in one of these uses
 * before it is reported; of free slots, in spans of one size class that are nearly empty. That is
 * the footprint of survivors that lie far apart; what a collection frees evenly leaves spans fuller
 * than that (GOGC=100: half full). Free pages go back to the kernel by themselves in minutes, so
 * they are a hint; of memory outside of Go silt cannot say who holds it.
 */
#include "finding_kind.h"
#include "goroutine_text.h"
#include "human.h"
#include "memory_account.h"

enum {
	RESIDENT_SHARE = 4,        /* a quarter of the resident memory */
	FULL_SHARE = 4,            /* spans that are less than a quarter full are nearly empty */
	SMALLEST_BYTES = 16 << 20, /* what a program needs to be one may look like much of it */
};

static bool is_much(const struct memory_account *account, uint64_t bytes)
{
	return account->resident_known && bytes >= SMALLEST_BYTES &&
	       bytes >= account->rss_bytes / RESIDENT_SHARE;
}

static void add_resident_note(struct finding *finding, const struct memory_account *account)
{
	_cleanup_free_ char *rss = human_bytes(account->rss_bytes);
	_cleanup_free_ char *live = human_bytes(account->resident[USE_LIVE]);

	finding_note(finding, "of %s resident only %s are live objects", rss, live);
	finding_number(finding, "rss_bytes", EVIDENCE_BYTES, account->rss_bytes);
}

/* A use of memory that no object of the program explains. NULL: it is not much. */
static struct finding *add_use(const struct evidence_base *base, enum memory_use use,
	enum tier tier, const char *fix, struct finding_list *findings)
{
	const struct memory_account *account = base->memory;
	uint64_t bytes = account->resident[use];

	if (!is_much(account, bytes) || !finding_matters(base->analysis, bytes))
		return NULL;
	struct finding *finding = finding_add(findings, &runtime_held, tier);

	finding->subject = memory_string(memory_use_text(use));
	finding->count = 1;
	finding->holds_bytes = bytes;
	finding->frees_bytes = use == USE_FREE_PAGES ? bytes : 0;
	finding->fix = fix;
	add_resident_note(finding, account);
	return finding;
}

/* The goroutines that have the largest stacks together. */
static void add_stacks(const struct evidence_base *base, struct finding_list *findings)
{
	const struct stacks *stacks = &base->analysis->objects->stacks;
	_cleanup_free_ uint64_t *bytes = memory_array(stacks->groups.count, sizeof(*bytes));
	struct finding *finding = add_use(base, USE_STACKS, TIER_LIKELY,
		"let goroutines end that have finished their deep calls, or make the calls in a "
		"goroutine of their own",
		findings);
	size_t largest = 0;

	if (!finding)
		return;
	for (uint32_t i = 0; i < stacks->goroutines.list.count; i++) {
		const struct goroutine *goroutine = &stacks->goroutines.list.items[i];
		uint32_t group = stacks->group_of[i];

		bytes[group] += goroutine->stack_high - goroutine->stack_low;
		largest = bytes[group] > bytes[largest] ? group : largest;
	}
	const struct goroutine_group *group = &stacks->groups.items[largest];
	_cleanup_free_ char *size = human_bytes(bytes[largest]);
	_cleanup_free_ char *top = goroutine_text_top(group);

	finding->count = stacks->goroutines.list.count;
	finding_note(finding, "%u goroutines at %s have %s of them", group->count, top, size);
}

/* The spans of a class that a rebuilt heap would not need. */
static uint64_t spare_bytes(const struct class_use *class)
{
	uint64_t used = class->span_bytes - class->free_bytes;

	return class->slot_bytes && used < class->span_bytes / FULL_SHARE ? class->free_bytes : 0;
}

static unsigned emptiest_class(const struct memory_account *account)
{
	unsigned found = 0;

	for (unsigned i = 1; i < ARRAY_SIZE(account->classes); i++) {
		if (spare_bytes(&account->classes[i]) > spare_bytes(&account->classes[found]))
			found = i;
	}
	return found;
}

/* One of the survivors that keep the spans: of the spans of the class, the first object that is
 * alive. NO_OBJECT when there is none. */
static object_t survivor(const struct analysis *analysis, unsigned class)
{
	for (uint32_t i = 0; i < analysis->heap->span_count; i++) {
		const struct span *span = &analysis->heap->spans[i];

		for (uint32_t slot = 0; slot < span->nelems && span->spanclass >> 1 == class;
			slot++) {
			if (analysis_alive(analysis, span->first + slot))
				return span->first + slot;
		}
	}
	return NO_OBJECT;
}

static void add_fragments(const struct evidence_base *base, struct finding_list *findings)
{
	const struct memory_account *account = base->memory;
	unsigned class = emptiest_class(account);
	const struct class_use *use = &account->classes[class];
	uint64_t spare = spare_bytes(use);
	object_t object = survivor(base->analysis, class);

	if (!is_much(account, spare) || !finding_matters(base->analysis, spare) ||
		object == NO_OBJECT)
		return;
	struct finding *finding = finding_add(findings, &runtime_held, TIER_LIKELY);
	_cleanup_free_ char *spans = human_bytes(use->span_bytes);
	_cleanup_free_ char *live = human_bytes(use->live_bytes);
	_cleanup_free_ char *slot = human_bytes(use->slot_bytes);

	finding->node = node_of_object(base->analysis->objects, object);
	finding->detail = memory_format("%s of spans for %s of objects", spans, live);
	finding->count = use->live_bytes / use->slot_bytes;
	finding->holds_bytes = spare;
	finding->frees_bytes = spare;
	finding->fix =
		"copy what survives into new objects, or allocate what lives long apart from "
		"what lives briefly";
	finding_number(finding, "slot_bytes", EVIDENCE_BYTES, use->slot_bytes);
	finding_number(finding, "span_bytes", EVIDENCE_BYTES, use->span_bytes);
	finding_number(finding, "live_bytes", EVIDENCE_BYTES, use->live_bytes);
	finding_note(finding,
		"objects of %s lie far apart, and each keeps its span from being freed", slot);
	add_resident_note(finding, account);
}

static struct error *find(const struct evidence_base *base, struct finding_list *findings)
{
	add_fragments(base, findings);
	add_use(base, USE_FREE_PAGES, TIER_HINT,
		"wait, or set GOMEMLIMIT; debug.FreeOSMemory() gives them back at once", findings);
	add_stacks(base, findings);
	add_use(base, USE_OUTSIDE, TIER_HINT,
		"look at C allocations and mappings: what Go holds does not explain them",
		findings);
	return NULL;
}

const struct finding_kind runtime_held = {
	.name = "runtime-held",
	.one = "held by nobody",
	.find = find,
};
