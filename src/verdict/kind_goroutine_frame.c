/* Goroutines that wait, and of which a frame alone keeps much data alive.
 *
 * Whether they still need it cannot be seen from outside. So all findings but the oldest are hints,
 * and what is usual is left out: workers and owners of state, who wait for values (signal_wait.h);
 * the first goroutine, whose frame holds the program; an object that a frame holds, rather than
 * data (its methods may be at work); who can never wake, which is another kind.
 */
#include "finding_kind.h"
#include "goroutine_text.h"
#include "heaviest.h"
#include "human.h"
#include "signal_wait.h"
#include "subject.h"

#define SECOND 1000000000ull

enum {
	MAIN_GOID = 1,
	SHORTEST_SECONDS = 5, /* less is no long wait */
	LIKELY_SECONDS = 600,
	LEAST_PERCENT = 5,           /* of the live bytes */
	LEAST_BYTES_EACH = 64 << 10, /* of a goroutine */
};

/* Frames of one function at one place, in goroutines of one group. */
struct frame_group {
	uint32_t group; /* in stacks.groups */
	uint32_t frame;
	uint64_t count;
	uint64_t bytes;
	uint64_t waited; /* by the one that waits least */
	node_t largest;
	bool network;
};

struct frame_groups {
	const struct evidence_base *base;
	struct addrmap by_key;
	VEC(struct frame_group) list;
};

/* Plain data, as opposed to an object with methods. */
static bool is_data(const struct analysis *analysis, node_t node)
{
	const struct object_type *type =
		object_type_at(&analysis->typing->object_types, analysis_type(analysis, node));

	switch (type->role) {
	case ROLE_ARRAY:
	case ROLE_STRING:
	case ROLE_MAP:
		return true;
	case ROLE_UNKNOWN:
		return node >= analysis_graph(analysis)->inner;
	default:
		return false;
	}
}

/* How long it waits; 0: not as one that is in question. */
static uint64_t long_wait(const struct evidence_base *base, uint32_t number, bool *ret_network)
{
	const struct stacks *stacks = &base->analysis->objects->stacks;
	const struct goroutine *goroutine = &stacks->goroutines.list.items[number];
	uint64_t waited = goroutine_waited(base->analysis, goroutine, base->now_ns);

	if (goroutine->goid == MAIN_GOID || waited < SHORTEST_SECONDS * SECOND ||
		base->goroutines->wakes->of[number].verdict != VERDICT_ALIVE ||
		stacks_is_system(&stacks->groups.items[stacks->group_of[number]]))
		return 0;
	enum signal_wait wait = signal_wait_of(base->analysis, base->goroutines->wakes, number);
	*ret_network = wait == SIGNAL_NETWORK;
	return wait == SIGNAL_NONE ? 0 : waited;
}

static struct frame_group *group_of(struct frame_groups *groups, const struct virtual_node *frame)
{
	uint32_t group = groups->base->analysis->objects->stacks.group_of[frame->index];
	addr_t key = ((addr_t)group << 32 | frame->frame) + 1;
	uint32_t place;

	if (!addrmap_get(&groups->by_key, key, &place)) {
		place = (uint32_t)groups->list.count;
		addrmap_set(&groups->by_key, key, place);
		vec_push(&groups->list, {.group = group,
						.frame = frame->frame,
						.waited = UINT64_MAX,
						.largest = NO_NODE});
	}
	return &groups->list.items[place];
}

static void look_at(struct frame_groups *groups, node_t node)
{
	const struct analysis *analysis = groups->base->analysis;
	const struct virtual_node *frame = virtual_of_node(analysis->objects, node);
	uint64_t bytes = retention_retained(analysis->retention, node);
	bool network = false;

	if (frame->kind != VIRTUAL_FRAME || bytes < LEAST_BYTES_EACH)
		return;
	uint64_t waited = long_wait(groups->base, frame->index, &network);
	node_t heaviest = waited ? heaviest_reference(analysis, node) : NO_NODE;
	if (heaviest == NO_NODE || !is_data(analysis, heaviest))
		return;
	struct frame_group *group = group_of(groups, frame);
	if (group->largest == NO_NODE ||
		bytes > retention_retained(analysis->retention, group->largest))
		group->largest = node;
	group->count++;
	group->bytes += bytes;
	group->waited = MIN(group->waited, waited);
	group->network = network;
}

/* From the outermost function to the one that holds it, and on to what it holds. */
static void add_path(const struct evidence_base *base, struct finding *finding,
	const struct frame_group *group, const struct goroutine_group *stack)
{
	for (size_t i = stack->frames.count; i > group->frame; i--)
		vec_push(&finding->path, goroutine_text_frame(&stack->frames.items[i - 1]));
	heaviest_add_path(base->analysis, base->naming, finding, group->largest);
}

static void add_group(const struct evidence_base *base, const struct frame_group *group,
	struct finding_list *findings)
{
	const struct analysis *analysis = base->analysis;
	const struct stacks *stacks = &analysis->objects->stacks;
	const struct goroutine_group *stack = &stacks->groups.items[group->group];
	const struct goroutine *first = &stacks->goroutines.list.items[stack->first];
	bool likely = group->waited >= LIKELY_SECONDS * SECOND && !group->network;
	node_t held = heaviest_reference(analysis, group->largest);
	_cleanup_free_ char *variable = subject_reference(base->naming, group->largest, held);
	_cleanup_free_ char *waited = human_duration(group->waited);
	struct finding *finding =
		finding_add(findings, &goroutine_frame, likely ? TIER_LIKELY : TIER_HINT);

	finding->subject = goroutine_text_frame(&stack->frames.items[group->frame]);
	finding->state = memory_string(goroutine_text_state(analysis, first));
	finding->type = naming_node_type(base->naming, held);
	finding->goid = stacks->goroutines.list
				.items[virtual_of_node(analysis->objects, group->largest)->index]
				.goid;
	finding->count = group->count;
	finding->holds_bytes = finding->frees_bytes = group->bytes;
	finding->detail = memory_format("in %s", *variable ? variable : finding->type);
	finding->fix = "let the function that waits not be the one that has the data: take what is "
		       "needed out of it in a function that returns";
	add_path(base, finding, group, stack);
	finding_note(finding, "nobody else has it, and %s waited for at least %s",
		group->count > 1 ? "each has" : "it has", waited);
	finding_text(finding, "variable", memory_string(variable));
	finding_text(finding, "created_by", goroutine_text_created_by(analysis, first));
	finding_number(finding, "shortest_wait_ns", EVIDENCE_DURATION, group->waited);
}

static bool matters(const struct analysis *analysis, const struct frame_group *group)
{
	const struct goroutine_group *stack = &analysis->objects->stacks.groups.items[group->group];

	return group->frame < stack->frames.count && finding_matters(analysis, group->bytes) &&
	       group->bytes * 100 >= analysis->figures.live_bytes * LEAST_PERCENT;
}

static struct error *find(const struct evidence_base *base, struct finding_list *findings)
{
	const struct object_graph *objects = base->analysis->objects;
	struct frame_groups groups = {.base = base};

	for (uint32_t i = 0; i < object_graph_virtuals(objects); i++)
		look_at(&groups, objects->first_virtual + i);
	vec_foreach (group, &groups.list) {
		if (matters(base->analysis, group))
			add_group(base, group, findings);
	}
	addrmap_deinit(&groups.by_key);
	vec_deinit(&groups.list);
	return NULL;
}

const struct finding_kind goroutine_frame = {
	.name = "goroutine-frame",
	.one = "waits with data",
	.many = "wait with data",
	.find = find,
};
