#include "goroutine_finding.h"

#include <inttypes.h>

#include "goroutine_text.h"
#include "human.h"

/* From the outermost function of the program to the operation. */
static void add_stack(struct finding *finding, const struct goroutine_group *group)
{
	for (size_t i = group->frames.count; i > 0; i--)
		vec_push(&finding->path, goroutine_text_frame(&group->frames.items[i - 1]));
	vec_push(&finding->path, memory_string(finding->state));
}

void goroutine_finding_origin(
	const struct evidence_base *base, uint32_t goroutine, struct finding *finding)
{
	const struct goroutine *first =
		&base->analysis->objects->stacks.goroutines.list.items[goroutine];
	uint64_t waited = goroutine_waited(base->analysis, first, base->now_ns);
	char *created_by = goroutine_text_created_by(base->analysis, first);
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

void goroutine_finding_fill(
	const struct evidence_base *base, const struct stuck_group *group, struct finding *finding)
{
	const struct stacks *stacks = &base->analysis->objects->stacks;
	const struct goroutine_group *stack = &stacks->groups.items[stacks->group_of[group->first]];

	finding->subject = goroutine_text_top(stack);
	finding->state = memory_string(
		goroutine_text_state(base->analysis, &stacks->goroutines.list.items[group->first]));
	finding->type = memory_string(finding->state);
	finding->goid = base->analysis->objects->stacks.goroutines.list.items[group->first].goid;
	finding->count = group->count;
	finding->holds_bytes = group->holds_bytes;
	finding->frees_bytes = group->frees_bytes;
	finding->stack_bytes = group->stack_bytes;
	add_stack(finding, stack);
}

char *goroutine_finding_name(const struct analysis *analysis, uint32_t goroutine)
{
	const struct stacks *stacks = &analysis->objects->stacks;
	_cleanup_free_ char *top =
		goroutine_text_top(&stacks->groups.items[stacks->group_of[goroutine]]);

	return memory_format(
		"goroutine %" PRIu64 " (%s)", stacks->goroutines.list.items[goroutine].goid, top);
}
