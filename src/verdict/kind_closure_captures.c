/* Function values that have outlived the function which made them, and that alone keep a large
 * variable of it alive.
 *
 * Whether the function needs all of it cannot be seen from outside, so these are hints, but for
 * those that were there in an earlier snapshot as well; with two, only these count. Guards: a
 * single function value that has some state is usual (a handler and its cache), so there must be
 * many of one function; one whose variable others have as well holds nothing; nor are those
 * reported that a frame still has, or that a timer or a finalizer has (those are kinds of their
 * own).
 */
#include "finding_kind.h"
#include "goroutine_text.h"
#include "heaviest.h"
#include "human.h"
#include "subject.h"
#include "timers.h"

enum {
	FEWEST = 16, /* function values of one function */
	LEAST_BYTES_EACH = 4096,
	LEAST_PERCENT = 5, /* of the live bytes */
	MOST_PERCENT = 80, /* of what the function value holds, that is in one variable */
};

/* Function values of one function. */
struct closure_group {
	otype_t type;
	uint64_t count;
	uint64_t bytes;
	node_t largest;
};

struct closure_groups {
	const struct analysis *analysis;
	const struct growth *growth; /* NULL: there is one snapshot */
	uint32_t *place_of;          /* by object type: place in the list + 1; of closures */
	struct addrmap timed;        /* function values that timers call */
	VEC(struct closure_group) list;
};

static void find_types(struct closure_groups *groups)
{
	const struct object_types *types = &groups->analysis->typing->object_types;

	groups->place_of = memory_array(types->list.count, sizeof(*groups->place_of));
	for (size_t i = 0; i < types->list.count; i++) {
		if (types->list.items[i].role != ROLE_CLOSURE)
			continue;
		vec_push(&groups->list, {.type = (otype_t)i, .largest = NO_NODE});
		groups->place_of[i] = (uint32_t)groups->list.count;
	}
}

static void find_timed(struct closure_groups *groups)
{
	struct timers timers;

	timers_load(groups->analysis->program->runtime, &timers);
	vec_foreach (timer, &timers.list) {
		if (timer->use == TIMER_FUNCTION && timer->argument)
			addrmap_set(&groups->timed, timer->argument, 0);
	}
	timers_deinit(&timers);
}

/* Has nobody but a variable or an object it: no frame, and nothing of the runtime? */
static bool has_outlived(const struct closure_groups *groups, object_t object, node_t node)
{
	const struct object_graph *objects = groups->analysis->objects;
	node_t holder = groups->analysis->retention->idom[node];
	bool runtimes = node_is_virtual(objects, holder) && holder != objects->graph.root &&
			virtual_of_node(objects, holder)->kind != VIRTUAL_VARIABLE;

	return !runtimes &&
	       !addrmap_get(&groups->timed, heap_address(groups->analysis->heap, object), NULL);
}

/* Of two snapshots: was it there in the first one? What waits to be called once is not in question.
 */
static bool has_survived(const struct closure_groups *groups, object_t object)
{
	const struct span *span = heap_span_of(groups->analysis->heap, object);

	return !groups->growth ||
	       survival_has(&groups->growth->survival, span, object - span->first);
}

static void add_closure(struct closure_groups *groups, object_t object)
{
	const struct analysis *analysis = groups->analysis;
	node_t node = node_of_object(analysis->objects, object);
	struct closure_group *group =
		&groups->list.items[groups->place_of[analysis->typing->of[object]] - 1];
	uint64_t bytes = retention_retained(analysis->retention, node);

	if (bytes < LEAST_BYTES_EACH || !has_survived(groups, object) ||
		!has_outlived(groups, object, node))
		return;
	node_t held = heaviest_reference(analysis, node);
	if (held == NO_NODE ||
		retention_retained(analysis->retention, held) * 100 < bytes * MOST_PERCENT)
		return;
	if (group->largest == NO_NODE ||
		bytes > retention_retained(analysis->retention, group->largest))
		group->largest = node;
	group->count++;
	group->bytes += bytes;
}

static void find_closures(struct closure_groups *groups)
{
	const struct analysis *analysis = groups->analysis;

	for (object_t object = 0; object < analysis->heap->scan_slots; object++) {
		if (groups->place_of[analysis->typing->of[object]] &&
			analysis_alive(analysis, object))
			add_closure(groups, object);
	}
}

static bool matters(const struct analysis *analysis, const struct closure_group *group)
{
	return group->count >= FEWEST && finding_matters(analysis, group->bytes) &&
	       group->bytes * 100 >= analysis->figures.live_bytes * LEAST_PERCENT;
}

static void add_group(const struct evidence_base *base, const struct closure_group *group,
	struct finding_list *findings)
{
	const struct analysis *analysis = base->analysis;
	const struct object_type *type =
		object_type_at(&analysis->typing->object_types, group->type);
	node_t held = heaviest_reference(analysis, group->largest);
	_cleanup_free_ char *variable = subject_reference(base->naming, group->largest, held);
	_cleanup_free_ char *each = human_bytes(group->bytes / group->count);
	struct finding *finding =
		finding_add(findings, &closure_captures, base->growth ? TIER_LIKELY : TIER_HINT);

	finding->node = group->largest;
	finding->subject = goroutine_text_function(analysis, type->function);
	finding->type = naming_node_type(base->naming, held);
	finding->count = group->count;
	finding->holds_bytes = finding->frees_bytes = group->bytes;
	finding->detail = memory_format("%s%s%s", variable, *variable ? "  " : "", finding->type);
	finding->fix =
		"copy what the function needs into a variable of its own, and let it capture "
		"that";
	finding_note(finding, "nobody else has what they captured: %s each", each);
	finding_text(finding, "variable", memory_string(variable));
	finding_number(finding, "bytes_per_function", EVIDENCE_BYTES, group->bytes / group->count);
}

static struct error *find(const struct evidence_base *base, struct finding_list *findings)
{
	struct closure_groups groups = {.analysis = base->analysis, .growth = base->growth};

	find_types(&groups);
	find_timed(&groups);
	find_closures(&groups);
	vec_foreach (group, &groups.list) {
		if (matters(base->analysis, group))
			add_group(base, group, findings);
	}
	free(groups.place_of);
	addrmap_deinit(&groups.timed);
	vec_deinit(&groups.list);
	return NULL;
}

const struct finding_kind closure_captures = {
	.name = "closure-captures",
	.one = "function keeps a variable",
	.many = "functions keep a variable",
	.find = find,
};
