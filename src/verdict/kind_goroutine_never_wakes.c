/* Goroutines that wait for ever: proved by reachability (never_wakes.h). */
#include <string.h>

#include "goroutine_finding.h"
#include "human.h"

/* How a wait that nobody ends is avoided, by the way the wait reason begins. */
static const char *fix_text(const char *reason)
{
	static const struct {
		const char *reason;
		const char *fix;
	} fixes[] = {
		{"chan send (nil chan)", "make the channel before it is used"},
		{"chan receive (nil chan)", "make the channel before it is used"},
		{"chan send", "give the channel a buffer for the answer, or send in a select that "
			      "also waits for ctx.Done()"},
		{"chan receive", "close the channel when nothing more is sent, or receive in a "
				 "select that also waits for ctx.Done()"},
		{"select (no cases)", "let the goroutine end, or wait for ctx.Done()"},
		{"select", "cancel the context or close the channel of one of its cases before "
			   "letting go of it"},
		{"sync.WaitGroup", "call Done on every way out, and Add before the goroutine "
				   "starts"},
		{"sync.Cond", "signal or broadcast after every change of the condition, also on "
			      "the way out"},
		{"sync.Mutex", "unlock on every way out: defer Unlock()"},
		{"sync.RWMutex", "unlock on every way out: defer Unlock() or RUnlock()"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(fixes); i++) {
		if (!strncmp(reason, fixes[i].reason, strlen(fixes[i].reason)))
			return fixes[i].fix;
	}
	return "unlock or call Done on every way out";
}

/* What is also held by other goroutines that never wake stays when only these end. */
static void add_price_note(struct finding *finding)
{
	_cleanup_free_ char *frees = human_bytes(finding->frees_bytes);

	if (finding->frees_bytes < finding->holds_bytes)
		finding_note(finding,
			"ending only %s frees %s: others that never wake hold the rest as well",
			finding->count > 1 ? "these" : "this one", frees);
}

static void add_group(const struct evidence_base *base, const struct stuck_group *stuck,
	struct finding_list *findings)
{
	struct finding *finding = finding_add(findings, &goroutine_never_wakes, TIER_PROVED);

	goroutine_finding_fill(base, stuck, finding);
	finding->fix = fix_text(finding->state);
	add_price_note(finding);
	goroutine_finding_origin(base, stuck->first, finding);
	finding_text(finding, "reason",
		memory_string(wake_text(base->goroutines->wakes->of[stuck->first].why)));
}

/* What goes when all of them end is more than the sum of the parts. */
static void add_sum(const struct stuck_groups *groups, uint32_t goroutines, struct finding *largest)
{
	_cleanup_free_ char *count = human_count(goroutines);
	_cleanup_free_ char *frees = human_bytes(groups->frees_bytes);
	_cleanup_free_ char *stacks = human_bytes(groups->stack_bytes);

	if (groups->list.count > 1)
		finding_note(largest,
			"all %s goroutines that can never wake hold %s and %s of stacks", count,
			frees, stacks);
}

static struct error *find(const struct evidence_base *base, struct finding_list *findings)
{
	const struct stuck_groups *groups = &base->goroutines->stuck;
	size_t first = findings->list.count;

	vec_foreach (stuck, &groups->list) {
		if (stuck->key < base->analysis->objects->stacks.groups.count)
			add_group(base, stuck, findings);
	}
	if (findings->list.count > first)
		add_sum(groups, base->goroutines->wakes->count, &findings->list.items[first]);
	return NULL;
}

const struct finding_kind goroutine_never_wakes = {
	.name = "goroutine-never-wakes",
	.one = "never wakes",
	.many = "never wake",
	.find = find,
};
