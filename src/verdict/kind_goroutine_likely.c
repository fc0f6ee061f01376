/* Goroutines that one reference alone keeps from being proved stuck (sole_holders.h, with the guard
 * against look-alikes). */
#include "chain_start.h"
#include "goroutine_finding.h"
#include "human.h"
#include "subject.h"

static const char fix[] =
	"take the entry out of what keeps it, and end the wait, on every way out: wait for "
	"ctx.Done() or a timeout as well";

/* "main.pending[] alone keeps what they wait for" */
static void add_holder(
	const struct evidence_base *base, const struct sole_holder *holder, struct finding *finding)
{
	char *name = subject_of_path(base->analysis, base->naming, &holder->path);
	_cleanup_free_ char *start = chain_start_text(base->analysis, &holder->path);

	finding_note(finding, "only %s keeps what they wait for", name);
	if (*start)
		finding_note(finding, "it is held by %s", start);
	finding_text(finding, "kept_by", name);
}

static void add_growth(const struct sole_holder *holder, struct finding *finding)
{
	_cleanup_free_ char *newest = human_duration(holder->newest_ns);

	finding_note(finding,
		"%u collections saw new ones come, and none of them was woken since%s%s",
		holder->arrivals, holder->newest_ns ? "; the newest has waited for " : "",
		holder->newest_ns ? newest : "");
	finding_number(finding, "arrivals", EVIDENCE_COUNT, holder->arrivals);
	finding_number(finding, "newest_wait_ns",
		holder->newest_ns ? EVIDENCE_DURATION : EVIDENCE_UNKNOWN, holder->newest_ns);
}

static void add_group(const struct evidence_base *base, const struct stuck_group *group,
	struct finding_list *findings)
{
	const struct sole_holder *holder = sole_holders_of(&base->goroutines->holders, group->key);
	struct finding *finding = finding_add(findings, &goroutine_likely, TIER_LIKELY);

	goroutine_finding_fill(base, group, finding);
	finding->fix = fix;
	add_holder(base, holder, finding);
	add_growth(holder, finding);
	goroutine_finding_origin(base, group->first, finding);
	finding_text(finding, "reason", memory_string(wake_text(WAKE_ONE_HOLDER)));
}

static struct error *find(const struct evidence_base *base, struct finding_list *findings)
{
	vec_foreach (group, &base->goroutines->holders.groups.list)
		add_group(base, group, findings);
	return NULL;
}

const struct finding_kind goroutine_likely = {
	.name = "goroutine-likely",
	.one = "likely never wakes",
	.many = "likely never wake",
	.find = find,
};
