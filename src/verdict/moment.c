#include "moment.h"

#include "finding_kind.h"
#include "human.h"

enum { WORTH_A_NOTE = 100 }; /* the hundredth part more, of as many as before */

static struct error *note_findings(
	struct moment *moment, const struct analysis *analysis, const struct inventory *inventory)
{
	_cleanup_(cleanup_naming) struct naming *naming = naming_create(analysis);
	struct finding_list findings;

	TRY(findings_find(analysis, naming, inventory, NULL, &findings));
	vec_foreach (finding, &findings.list) {
		uint64_t fingerprint = finding_fingerprint(finding);
		uint32_t place;

		if (!addrmap_get(&moment->findings, fingerprint, &place)) {
			place = (uint32_t)moment->list.count;
			addrmap_set(&moment->findings, fingerprint, place);
			vec_push(&moment->list, {0});
		}
		moment->list.items[place].count += finding->count;
		moment->list.items[place].holds_bytes += finding->holds_bytes;
	}
	finding_list_deinit(&findings);
	return NULL;
}

struct error *moment_take(struct analysis *analysis, struct moment **ret)
{
	_cleanup_(cleanup_analysis) struct analysis *owned = analysis;
	_cleanup_(cleanup_moment) struct moment *moment = memory_alloc(sizeof(*moment));
	_cleanup_(cleanup_inventory) struct inventory *inventory = NULL;

	TRY(inventory_take(analysis, &inventory));
	TRY(note_findings(moment, analysis, inventory));
	TRY(baseline_take(take_pointer(owned), &inventory->maps, &moment->baseline));
	*ret = take_pointer(moment);
	return NULL;
}

void moment_destroy(struct moment *moment)
{
	if (!moment)
		return;
	baseline_destroy(moment->baseline);
	addrmap_deinit(&moment->findings);
	vec_deinit(&moment->list);
	free(moment);
}

/* "40 more than before, 2.62 MB more a minute" */
static void add_note(struct finding *finding, const struct moment_finding *was)
{
	const struct finding_growth *growth = &finding->growth;
	_cleanup_free_ char *more = human_count((uint64_t)growth->objects);
	_cleanup_free_ char *bytes = human_bytes((uint64_t)growth->bytes);

	if (!was->count)
		finding_note(finding, "was not there before");
	else if (growth->objects > 0 && growth->bytes >= 0)
		finding_note(finding, "%s more than before, holding %s more", more, bytes);
	else if (growth->objects == 0 && growth->bytes > (int64_t)(was->holds_bytes / WORTH_A_NOTE))
		finding_note(finding, "holds %s more than before", bytes);
}

void moment_compare(
	const struct moment *moment, const struct growth *growth, struct finding_list *findings)
{
	vec_foreach (finding, &findings->list) {
		struct moment_finding was = {0};
		uint32_t place;

		if (finding->growth.known)
			continue;
		if (addrmap_get(&moment->findings, finding_fingerprint(finding), &place))
			was = moment->list.items[place];
		int64_t bytes = (int64_t)(finding->holds_bytes - was.holds_bytes);
		finding->growth = (struct finding_growth){
			.known = true,
			.objects = (int64_t)(finding->count - was.count),
			.bytes = bytes,
			.survivors = MIN(was.count, finding->count),
			.bytes_per_minute = growth_per_minute(growth, bytes),
		};
		add_note(finding, &was);
	}
}
