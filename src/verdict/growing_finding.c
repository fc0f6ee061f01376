#include "growing_finding.h"

#include "holder_names.h"
#include "human.h"
#include "listeners.h"

enum { NAMES_SHOWN = 3 };

bool registry_is(const struct evidence_base *base, const struct collection *collection)
{
	struct types *types = &base->analysis->typing->types;

	if (collection->kind == COLLECTION_SLICE)
		return true;
	if (collection->kind != COLLECTION_MAP)
		return false;
	const struct go_type *value = types_at(types, collection->type->elem);
	if (value && value->kind == KIND_SLICE)
		value = types_at(types, value->elem);
	const struct go_type *key = types_at(types, collection->type->key);
	return (value && (value->kind == KIND_FUNC || value->kind == KIND_CHAN)) ||
	       (key && (key->kind == KIND_CHAN || key->kind == KIND_INTERFACE) &&
		       listener_is(types, key));
}

static char *detail_text(const struct growth *growth, const struct growing *growing)
{
	_cleanup_free_ char *entries = human_count(growing->now->entries);
	_cleanup_free_ char *added = human_count(growing->added);
	_cleanup_free_ char *elapsed = human_duration(growth->elapsed_ns);

	return memory_format("%s entries, %s more%s%s", entries, added,
		growth->elapsed_ns ? " in " : "", growth->elapsed_ns ? elapsed : "");
}

static void add_note(
	const struct growth *growth, const struct growing *growing, struct finding *finding)
{
	_cleanup_free_ char *bytes = human_bytes((uint64_t)growing->bytes);
	_cleanup_free_ char *rate =
		human_bytes((uint64_t)growth_per_minute(growth, growing->bytes));
	_cleanup_free_ char *kept = human_percent(growing->survivors, growing->entries_before);

	finding_note(finding, "grew by %s%s%s%s · %s of the old entries are still there", bytes,
		growth->elapsed_ns ? ", " : "", growth->elapsed_ns ? rate : "",
		growth->elapsed_ns ? " a minute" : "", kept);
}

/* What goes only when several let go is in the price of none of them. */
static void add_shared(const struct evidence_base *base, const struct growth_holder *shared,
	struct finding *finding)
{
	uint64_t grown = (uint64_t)growth_holder_bytes(shared);
	_cleanup_free_ char *names = holder_names(base->naming, base->growth->after->objects,
		shared->row->members.items, shared->row->members.count, NAMES_SHOWN);
	_cleanup_free_ char *bytes = human_bytes(shared->after.bytes);
	_cleanup_free_ char *more = human_bytes(grown);
	_cleanup_free_ char *rate =
		human_bytes((uint64_t)growth_per_minute(base->growth, (int64_t)grown));

	finding_note(finding,
		"what its entries lead to has other ways to it: %s is held by %s%s, and "
		"grew by %s%s%s%s",
		bytes, names, shared->row->members.count > 1 ? " together" : "", more,
		base->growth->elapsed_ns ? ", " : "", base->growth->elapsed_ns ? rate : "",
		base->growth->elapsed_ns ? " a minute" : "");
}

struct finding *growing_finding_add(const struct evidence_base *base, const struct growing *growing,
	const struct finding_kind *kind, struct finding_list *findings)
{
	const struct growth *growth = base->growth;
	struct finding *finding = finding_add(findings, kind, TIER_LIKELY);

	finding->node = growing->now->node;
	finding->count = 1;
	finding->holds_bytes = growing->now->held_bytes;
	finding->frees_bytes = growing->now->held_bytes;
	finding->detail = detail_text(growth, growing);
	finding->growth = (struct finding_growth){
		.known = true,
		.objects = (int64_t)growing->added,
		.bytes = growing->bytes,
		.survivors = growing->survivors,
		.bytes_per_minute = growth_per_minute(growth, growing->bytes),
	};
	add_note(growth, growing, finding);
	if (growing->shared)
		add_shared(base, growing->shared, finding);
	finding_number(finding, "shared_bytes", EVIDENCE_BYTES,
		growing->shared ? growing->shared->after.bytes : 0);
	finding_number(finding, "entries", EVIDENCE_COUNT, growing->now->entries);
	finding_number(finding, "entries_before", EVIDENCE_COUNT, growing->entries_before);
	finding_number(finding, "entries_per_minute",
		growth->elapsed_ns ? EVIDENCE_COUNT : EVIDENCE_UNKNOWN,
		(uint64_t)growth_per_minute(growth, (int64_t)growing->added));
	return finding;
}
