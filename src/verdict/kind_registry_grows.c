/* Registries that only grow: slices and maps of functions, channels, and values with methods, to
 * which something is added for every request and from which nobody takes it away. The guard: the
 * old entries are still there, and it does not slow down, as a registry that is filled while a
 * program starts does (growing.h). */
#include "finding_kind.h"
#include "growing.h"
#include "growing_finding.h"
#include "human.h"

struct finder {
	const struct evidence_base *base;
	struct finding_list *findings;
};

static void add(void *context, const struct growing *growing)
{
	struct finder *finder = context;
	const struct collection *now = growing->now;

	if (!registry_is(finder->base, now))
		return;
	struct finding *finding =
		growing_finding_add(finder->base, growing, &registry_grows, finder->findings);
	_cleanup_free_ char *each = human_bytes(now->held_bytes / now->entries);

	finding_note(finding, "each of them holds %s on average", each);
	finding_number(finding, "bytes_per_entry", EVIDENCE_BYTES, now->held_bytes / now->entries);
	finding->fix = "let whoever registers take itself out again: return a function that does, "
		       "and call it when the request or connection ends";
}

static struct error *find(const struct evidence_base *base, struct finding_list *findings)
{
	struct finder finder = {base, findings};

	if (base->growth)
		growing_each(base->growth, add, &finder);
	return NULL;
}

const struct finding_kind registry_grows = {
	.name = "registry-grows",
	.one = "registry only grows",
	.many = "registries only grow",
	.sums = true,
	.find = find,
};
