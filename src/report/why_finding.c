#include "finding_kind.h"
#include "findings.h"
#include "why.h"

/* The chain to what it is about: an object, or a goroutine. */
static struct error *add_chain(struct why *why, const struct finding *finding)
{
	if (finding->goid)
		return why_goroutine(why, finding->goid);
	return finding->node == NO_NODE ? NULL : why_node(why, finding->node);
}

static struct error *explain(struct why *why, const struct finding_list *findings, uint64_t number)
{
	if (!number || number > findings->list.count)
		return error_create(ERROR_USAGE, "there is no finding f%llu; the report has %zu",
			(unsigned long long)number, findings->list.count);
	const struct finding *finding = &findings->list.items[number - 1];

	finding_show(why->view, finding);
	return add_chain(why, finding);
}

struct error *why_finding(struct why *why, uint64_t number)
{
	struct memory_account memory;
	struct finding_list findings;

	TRY(memory_account_make(why->analysis, &memory));
	TRY(findings_find(why->analysis, why->naming, &memory, NULL, &findings));
	struct error *error = explain(why, &findings, number);
	finding_list_deinit(&findings);
	return error;
}
