/* Goroutines that wait for ever: proved by reachability (never_wakes.h). */
#include <string.h>

#include "finding_kind.h"
#include "goroutine_text.h"
#include "human.h"
#include "stuck_groups.h"

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

/* From the outermost function of the program to the operation. */
static void add_stack(struct finding *finding, const struct goroutine_group *group)
{
	for (size_t i = group->frames.count; i > 0; i--)
		vec_push(&finding->path, goroutine_text_frame(&group->frames.items[i - 1]));
	vec_push(&finding->path, memory_string(finding->state));
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

static void add_origin(struct finding *finding, char *created_by, uint64_t waited)
{
	_cleanup_free_ char *wait = human_duration(waited);
	struct text text = {0};

	if (*created_by)
		text_add(&text, "created by %s", created_by);
	if (waited)
		text_add(&text, "%shas waited for at least %s", text.length ? " · " : "", wait);
	if (text.length)
		finding_note(finding, "%s", text.bytes);
	text_deinit(&text);
	finding_number(
		finding, "longest_wait_ns", waited ? EVIDENCE_DURATION : EVIDENCE_UNKNOWN, waited);
	finding_text(finding, "created_by", created_by);
}

static void add_group(const struct evidence_base *base, const struct stuck_group *stuck,
	struct finding_list *findings)
{
	const struct stacks *stacks = &base->analysis->objects->stacks;
	const struct goroutine_group *group = &stacks->groups.items[stuck->group];
	const struct goroutine *first = &stacks->goroutines.list.items[stuck->first];
	struct finding *finding = finding_add(findings, &goroutine_never_wakes, TIER_PROVED);

	finding->subject = goroutine_text_top(group);
	finding->state = memory_string(goroutine_text_state(base->analysis, first));
	finding->type = memory_string(finding->state);
	finding->goid = first->goid;
	finding->count = stuck->count;
	finding->holds_bytes = stuck->holds_bytes;
	finding->frees_bytes = stuck->frees_bytes;
	finding->stack_bytes = stuck->stack_bytes;
	finding->fix = fix_text(finding->state);
	add_stack(finding, group);
	add_price_note(finding);
	add_origin(finding, goroutine_text_created_by(base->analysis, first),
		goroutine_waited(first, base->now_ns));
	finding_text(
		finding, "reason", memory_string(wake_text(base->wakes->of[stuck->first].why)));
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
	size_t first = findings->list.count;
	struct stuck_groups groups;

	TRY(stuck_groups_find(base->analysis, base->wakes, &groups));
	vec_foreach (stuck, &groups.list)
		add_group(base, stuck, findings);
	if (groups.list.count)
		add_sum(&groups, base->wakes->count, &findings->list.items[first]);
	stuck_groups_deinit(&groups);
	return NULL;
}

const struct finding_kind goroutine_never_wakes = {
	.name = "goroutine-never-wakes",
	.one = "never wakes",
	.many = "never wake",
	.find = find,
};
