#include "findings.h"
#include "why.h"

/* The chain to what it is about: an object, or a goroutine. */
static struct error *add_chain(struct why *why, const struct finding *finding)
{
	if (finding->goid)
		return why_goroutine(why, finding->goid);
	return finding->node == NO_NODE ? NULL : why_node(why, finding->node);
}

struct error *why_finding(struct why *why, uint64_t number)
{
	_cleanup_(cleanup_inventory) struct inventory *inventory = NULL;
	struct finding_list findings;
	const struct finding *finding;

	TRY(inventory_take(why->analysis, &inventory));
	TRY(findings_numbered(why->analysis, why->naming, inventory, number, &findings, &finding));
	finding_show(why->view, finding);
	struct error *error = add_chain(why, finding);
	finding_list_deinit(&findings);
	return error;
}
