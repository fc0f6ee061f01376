/* Finalizers and cleanups that never run: because their object is kept by them
 * (finalizer_cycles.h), or because the goroutine that runs them waits in one of them.
 *
 * Guards: an object that waits for its finalizer once (a cycle of collection) is not kept by
 * itself; a goroutine that runs finalizers is reported when it can never wake, has waited for long,
 * or (as a hint) waits while the queue holds much: slow is not stuck.
 */
#include <string.h>

#include "finalizer_cycles.h"
#include "finding_kind.h"
#include "goroutine_text.h"
#include "human.h"
#include "roots.h"
#include "subject.h"

#define LONG_WAIT_NS (60 * 1000000000ull)

static void add_round(const struct evidence_base *base, struct finding *finding,
	const struct finalizer_cycle *cycle)
{
	const char *way = cycle->cleanup ? "its cleanup" : "its finalizer's function";

	vec_push(&finding->path, memory_string(cycle->cleanup ? "cleanups" : "finalizers"));
	vec_push(&finding->path, memory_string(finding->subject));
	for (size_t i = 1; i < cycle->round.count; i++) {
		node_t node = cycle->round.items[i];
		_cleanup_free_ char *reference =
			subject_reference(base->naming, cycle->round.items[i - 1], node);
		_cleanup_free_ char *type = naming_node_type(base->naming, node);
		const char *how = i == 1 && cycle->by_function ? way : reference;

		vec_push(&finding->path,
			memory_format("%s%s%s", how, *how && *type ? "  " : "", type));
	}
}

static const char *cycle_fix(const struct finalizer_cycle *cycle)
{
	if (cycle->cleanup)
		return "give the cleanup only what it needs (a file descriptor, a key), neither the "
		       "object nor what leads to it";
	return cycle->by_function
		       ? "let the finalizer use its argument and not capture the object"
		       : "hang the finalizer on a small object that refers to nothing which leads "
			 "back to it";
}

static void add_cycle(const struct evidence_base *base, const struct finalizer_cycle *cycle,
	struct finding_list *findings)
{
	const struct typing *typing = base->analysis->typing;
	struct finding *finding = finding_add(findings, &finalizer, TIER_PROVED);

	finding->type = memory_string(object_type_at(&typing->object_types, cycle->type)->name);
	finding->subject = cycle->type == NO_TYPE && cycle->function
				   ? goroutine_text_function(base->analysis, cycle->function)
				   : memory_string(finding->type);
	finding->detail =
		memory_format("kept by its own %s", cycle->cleanup ? "cleanup" : "finalizer");
	finding->node = cycle->round.items[0];
	finding->count = cycle->count;
	finding->holds_bytes = finding->frees_bytes = cycle->bytes;
	finding->fix = cycle_fix(cycle);
	add_round(base, finding, cycle);
	finding_note(finding,
		"nobody else has the object, but what is kept for its %s leads back to "
		"it: it is never found dead",
		cycle->cleanup ? "cleanup" : "finalizer");
	finding_text(finding, "reason", memory_string("cycle"));
	finding_text(finding, "function", goroutine_text_function(base->analysis, cycle->function));
}

static struct error *find_cycles(const struct evidence_base *base, struct finding_list *findings)
{
	struct finalizer_cycles cycles;

	TRY(finalizer_cycles_find(base->analysis, &cycles));
	vec_foreach (cycle, &cycles.list) {
		if (finding_matters(base->analysis, cycle->bytes))
			add_cycle(base, cycle, findings);
	}
	finalizer_cycles_deinit(&cycles);
	return NULL;
}

/* mfinal.go: runfinq, since 1.25 runFinalizers; mcleanup.go: runCleanups. */
static bool runs_finalizers(const struct analysis *analysis, const struct goroutine *goroutine)
{
	static const char *const names[] = {
		"runtime.runfinq", "runtime.runFinalizers", "runtime.runCleanups"};
	_cleanup_free_ char *name = goroutine_text_function(analysis, goroutine->start_pc);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(name, names[i]))
			return true;
	}
	return false;
}

/* The frame of the finalizer itself: the outermost that is not the runtime's. NULL: none runs. */
static const struct group_frame *finalizer_frame(const struct goroutine_group *group)
{
	for (size_t i = group->frames.count; i > 0; i--) {
		const struct group_frame *frame = &group->frames.items[i - 1];

		if (strncmp(frame->function.name, "runtime.", strlen("runtime.")) != 0)
			return frame;
	}
	return NULL;
}

static uint64_t queue_bytes(const struct analysis *analysis)
{
	const struct object_graph *objects = analysis->objects;

	return retention_retained(
		       analysis->retention, object_graph_special(objects, ROOT_QUEUED_FINALIZER)) +
	       retention_retained(
		       analysis->retention, object_graph_special(objects, ROOT_QUEUED_CLEANUP));
}

static void add_stack(struct finding *finding, const struct goroutine_group *group)
{
	for (size_t i = group->frames.count; i > 0; i--)
		vec_push(&finding->path, goroutine_text_frame(&group->frames.items[i - 1]));
}

static void add_blocked(const struct evidence_base *base, uint32_t number,
	const struct group_frame *frame, enum tier tier, struct finding_list *findings)
{
	const struct stacks *stacks = &base->analysis->objects->stacks;
	const struct goroutine *goroutine = &stacks->goroutines.list.items[number];
	const char *state = goroutine_text_state(base->analysis, goroutine);
	struct queued_calls queued = roots_queued(base->analysis->heap);
	uint64_t waited = goroutine_waited(base->analysis, goroutine, base->now_ns);
	_cleanup_free_ char *count = human_count(queued.finalizers + queued.cleanups);
	struct finding *finding = finding_add(findings, &finalizer, tier);

	finding->subject = memory_string(frame->function.name);
	finding->state = memory_string(state);
	finding->type = memory_string(state);
	finding->detail = memory_format("%s queued", count);
	finding->goid = goroutine->goid;
	finding->count = 1;
	finding->holds_bytes = finding->frees_bytes = queue_bytes(base->analysis);
	finding->fix =
		"let finalizers and cleanups only hand over to a goroutine of their own, and "
		"never wait";
	add_stack(finding, &stacks->groups.items[stacks->group_of[number]]);
	finding_note(finding, "as long as it waits, the other finalizers and cleanups of this "
			      "goroutine do not run, and what they are for stays");
	finding_text(finding, "reason", memory_string("blocked"));
	finding_number(finding, "queued_finalizers", EVIDENCE_COUNT, queued.finalizers);
	finding_number(finding, "queued_cleanups", EVIDENCE_COUNT, queued.cleanups);
	finding_number(finding, "wait_ns", waited ? EVIDENCE_DURATION : EVIDENCE_UNKNOWN, waited);
}

static void find_blocked(const struct evidence_base *base, struct finding_list *findings)
{
	const struct analysis *analysis = base->analysis;
	const struct stacks *stacks = &analysis->objects->stacks;

	for (uint32_t i = 0; i < stacks->goroutines.list.count; i++) {
		const struct goroutine *goroutine = &stacks->goroutines.list.items[i];
		const struct group_frame *frame;

		if (goroutine->status != GOROUTINE_WAITING && goroutine->status != GOROUTINE_LEAKED)
			continue;
		frame = finalizer_frame(&stacks->groups.items[stacks->group_of[i]]);
		if (!frame || !runs_finalizers(analysis, goroutine))
			continue;
		if (base->goroutines->wakes->of[i].verdict == VERDICT_NEVER_WAKES)
			add_blocked(base, i, frame, TIER_PROVED, findings);
		else if (goroutine_waited(base->analysis, goroutine, base->now_ns) >= LONG_WAIT_NS)
			add_blocked(base, i, frame, TIER_LIKELY, findings);
		else if (finding_matters(analysis, queue_bytes(analysis)))
			add_blocked(base, i, frame, TIER_HINT, findings);
	}
}

static struct error *find(const struct evidence_base *base, struct finding_list *findings)
{
	find_blocked(base, findings);
	return find_cycles(base, findings);
}

const struct finding_kind finalizer = {
	.name = "finalizer",
	.one = "finalizer never runs",
	.find = find,
};
