/* Contexts that are never cancelled, and chains of contexts that only get longer.
 *
 * Guards: a context whose user is still there (a goroutine, a field, a cancel function that
 * somebody has) is not forgotten, however many have the same root; a chain as deep as middleware
 * makes it (20 to 40) is usual.
 */
#include "context_chains.h"
#include "finding_kind.h"
#include "forgotten_children.h"
#include "human.h"

enum {
	MANY_CHILDREN = 100,
	DEEP = 100,
	MOST_CHAINS = 4, /* that are reported */
};

static void add_children(const struct forgotten_children *children, struct finding_list *findings)
{
	bool all_timed = children->timed == children->forgotten;
	_cleanup_free_ char *forgotten = human_count(children->forgotten);
	_cleanup_free_ char *entries = human_count(children->entries);
	struct finding *finding =
		finding_add(findings, &context_chain, children->timed ? TIER_LIKELY : TIER_PROVED);

	finding->node = children->map;
	finding->count = children->forgotten;
	finding->holds_bytes = finding->frees_bytes = children->bytes;
	finding->detail = memory_format("%s of %s children are forgotten", forgotten, entries);
	finding->fix = "call the cancel function on every way out: defer cancel()";
	finding_note(finding, "nobody has these contexts nor their cancel functions: %s",
		all_timed ? "they stay until their deadline is over"
			  : "they stay until the context above them is cancelled");
	finding_text(finding, "reason", memory_string("forgotten"));
	finding_number(finding, "children", EVIDENCE_COUNT, children->entries);
	finding_number(finding, "with_deadline", EVIDENCE_COUNT, children->timed);
}

static struct error *find_children(const struct evidence_base *base, struct finding_list *findings)
{
	struct forgotten_list children;

	TRY(forgotten_children_find(base->analysis, base->maps, MANY_CHILDREN, &children));
	vec_foreach (of, &children.list) {
		if (of->forgotten >= MANY_CHILDREN && finding_matters(base->analysis, of->bytes))
			add_children(of, findings);
	}
	forgotten_list_deinit(&children);
	return NULL;
}

static void add_chain(const struct context_chain *chain, struct finding_list *findings)
{
	_cleanup_free_ char *depth = human_count(chain->depth);
	struct finding *finding = finding_add(findings, &context_chain, TIER_LIKELY);

	finding->node = chain->innermost;
	finding->count = chain->depth;
	finding->holds_bytes = finding->frees_bytes = chain->bytes;
	finding->detail = memory_format("%s contexts deep", depth);
	finding->fix = "derive each context from the one that the function was given, not from the "
		       "one of the round before";
	finding_note(finding, "each context keeps the one it was derived from, and looking for a "
			      "value goes through all of them");
	finding_text(finding, "reason", memory_string("deep"));
}

static void find_chains(const struct evidence_base *base, struct finding_list *findings)
{
	struct context_chains chains;
	unsigned added = 0;

	context_chains_find(base->analysis, DEEP, &chains);
	vec_foreach (chain, &chains.list) {
		if (added < MOST_CHAINS && finding_matters(base->analysis, chain->bytes)) {
			add_chain(chain, findings);
			added++;
		}
	}
	context_chains_deinit(&chains);
}

static struct error *find(const struct evidence_base *base, struct finding_list *findings)
{
	find_chains(base, findings);
	return find_children(base, findings);
}

const struct finding_kind context_chain = {
	.name = "context-chain",
	.one = "context never ends",
	.many = "contexts never end",
	.find = find,
};
