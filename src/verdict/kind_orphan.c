/* Goroutines that nobody can stop any more (orphans.h, with the guard against look-alikes). */
#include "goroutine_finding.h"
#include "orphan_map.h"
#include "subject.h"

/* Where those like them have what would stop them, or could have it. */
static struct error *add_map(
	const struct evidence_base *base, const struct stuck_group *group, struct finding *finding)
{
	const struct orphans *orphans = &base->goroutines->orphans;
	bool others = true;
	node_t map;
	char *name;

	TRY(orphan_map_of_others(orphans, group->key, &map));
	if (map == NO_NODE) {
		others = false;
		map = orphan_map_by_type(orphans, base->maps, group->first);
	}
	if (map == NO_NODE)
		return NULL;
	TRY(subject_of_node(base->analysis, base->naming, map, &name));
	finding_note(finding,
		others ? "their owner forgot them: others like them have what stops them in %s, "
			 "where their entries are gone"
		       : "their owner forgot them: what stops them is kept in %s, where they have "
			 "no entries",
		name);
	finding_text(finding, "gone_from", name);
	return NULL;
}

static struct error *add_group(const struct evidence_base *base, const struct stuck_group *group,
	struct finding_list *findings)
{
	struct finding *finding = finding_add(findings, &goroutine_orphan, TIER_LIKELY);

	goroutine_finding_fill(base, group, finding);
	finding->fix = "close the stop channel or call cancel where the last reference to it is "
		       "let go of, before its entry is deleted";
	finding_note(finding,
		"nothing that can run reaches what would stop them; the other cases of their "
		"select still wake them");
	TRY(add_map(base, group, finding));
	goroutine_finding_origin(base, group->first, finding);
	finding_text(finding, "reason", memory_string(wake_text(WAKE_ORPHAN)));
	return NULL;
}

static struct error *find(const struct evidence_base *base, struct finding_list *findings)
{
	vec_foreach (group, &base->goroutines->orphans.groups.list)
		TRY(add_group(base, group, findings));
	return NULL;
}

const struct finding_kind goroutine_orphan = {
	.name = "orphan",
	.one = "cannot be stopped",
	.find = find,
};
