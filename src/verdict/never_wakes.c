#include "never_wakes.h"

#include <string.h>

#include "special.h"
#include "big_table.h"
#include "thread_words.h"
#include "tiny_block.h"

enum { MAIN_GOID = 1 };

struct finder {
	const struct analysis *analysis;
	const struct object_graph *objects;
	const struct heap *heap;
	const struct goroutines *goroutines;
	struct never_wakes *verdicts;
	struct tiny_locks tiny;
	bool unsure;
};

/* Was all read from which someone could be woken? */
static bool is_complete(const struct analysis *analysis)
{
	const struct object_graph *objects = analysis->objects;
	const struct roots_missing *missing = &objects->missing;

	return !missing->variable_bytes && !missing->specials && !missing->finalizer_queue &&
	       !objects->unread_stacks && !analysis->program->target->capture.unread_bytes;
}

static node_t node_at(const struct finder *finder, addr_t address)
{
	object_t object = heap_object_at(finder->heap, address);

	return object == NO_OBJECT ? NO_NODE : node_of_object(finder->objects, object);
}

/* The gates of goroutines have their numbers; behind those come one that never opens, and the weak
 * handles. */
static uint32_t shut_gate(const struct finder *finder)
{
	return (uint32_t)finder->goroutines->list.count;
}

static const struct awaited *awaited_of(
	const struct finder *finder, const struct goroutine_wait *wait)
{
	return &finder->verdicts->waits.awaited.items[wait->first];
}

/* Can it be told from the heap alone whether the goroutine wakes? Else `ret` says why it is alive.
 */
static bool is_candidate(const struct finder *finder, uint32_t number, enum wake *ret)
{
	const struct goroutine *goroutine = &finder->goroutines->list.items[number];
	const struct goroutine_wait *wait = &finder->verdicts->waits.of[number];
	bool waits =
		goroutine->status == GOROUTINE_WAITING || goroutine->status == GOROUTINE_LEAKED;

	*ret = waits ? WAKE_OTHER : WAKE_RUNS;
	if (wait->kind == WAIT_OTHER)
		return false;
	*ret = WAKE_UNDER_WAY;
	if (!wait->settled || node_at(finder, goroutine->address) == NO_NODE)
		return false;
	for (uint32_t i = 0; i < wait->count; i++) {
		if (node_at(finder, awaited_of(finder, wait)[i].sudog) == NO_NODE)
			return false;
	}
	*ret = WAKE_GLOBAL;
	for (uint32_t i = 0; i < wait->count; i++) {
		if (node_at(finder, awaited_of(finder, wait)[i].object) == NO_NODE)
			return false;
	}
	*ret = WAKE_UNSURE;
	return !finder->unsure || wait->kind == WAIT_FOREVER;
}

static void release(struct finder *finder, addr_t address, uint32_t gate)
{
	node_t node = node_at(finder, address);

	if (node != NO_NODE)
		vec_push(&finder->verdicts->input.released, {node, gate});
}

/* While it is blocked, its stack, its g and its sudogs are nobody's. */
static void add_gate(struct finder *finder, uint32_t number)
{
	const struct goroutine_wait *wait = &finder->verdicts->waits.of[number];
	struct gated_input *input = &finder->verdicts->input;

	vec_push(&input->closed, {object_graph_goroutine(finder->objects, number), number});
	vec_push(&input->closed,
		{node_at(finder, finder->goroutines->list.items[number].address), number});
	for (uint32_t i = 0; i < wait->count; i++) {
		const struct awaited *awaited = &awaited_of(finder, wait)[i];

		vec_push(&input->closed, {node_at(finder, awaited->sudog), number});
		vec_push(&input->keys, {node_at(finder, awaited->object), number});
		/* The runtime's own detector may have hidden them from the collector just now. */
		release(finder, awaited->object, number);
		release(finder, awaited->elem, number);
		if (wait->kind == WAIT_SEMAPHORE)
			tiny_locks_add(&finder->tiny, awaited->object);
	}
}

/* `select {}`, and `var forever chan struct{}; <-forever`. */
static bool is_meant(const struct finder *finder, uint32_t number)
{
	const struct goroutine *goroutine = &finder->goroutines->list.items[number];
	const char *reason = goroutine_wait_reason(finder->heap->runtime, goroutine);

	return goroutine->goid == MAIN_GOID &&
	       (!strcmp(reason, "select (no cases)") || !strcmp(reason, "chan receive (nil chan)"));
}

static void add_goroutines(struct finder *finder)
{
	for (uint32_t i = 0; i < finder->goroutines->list.count; i++) {
		struct goroutine_verdict *verdict = &finder->verdicts->of[i];

		if (!is_candidate(finder, i, &verdict->why))
			continue;
		add_gate(finder, i);
		verdict->verdict = VERDICT_NEVER_WAKES; /* until its gate opens */
	}
}

/* Who has a weak pointer can make a pointer of it. */
static void add_weak_handle(void *context, const struct special *special)
{
	struct finder *finder = context;
	const struct layout *layout = &finder->heap->runtime->layout;
	struct gated_input *input = &finder->verdicts->input;
	struct reader reader = reader_over(finder->heap->runtime->target);

	if (special->kind != layout->features.special_kinds.weak_handle)
		return;
	node_t handle =
		node_at(finder, read_field(&reader, special->address, layout->special_weak.handle));
	node_t object = node_at(finder, special_object(special));
	if (handle == NO_NODE || object == NO_NODE)
		return;
	vec_push(&input->keys, {handle, input->gates});
	vec_push(&input->released, {object, input->gates++});
}

static void add_weak_handles(struct finder *finder)
{
	if (!finder->heap->runtime->layout.features.special_kinds.weak_handle)
		return;
	/* That the runtime has all handles does not mean that someone has them. */
	vec_push(&finder->verdicts->input.closed,
		{object_graph_special(finder->objects, ROOT_WEAK_HANDLE), shut_gate(finder)});
	specials_each(finder->heap, add_weak_handle, finder);
}

static void add_start(void *context, addr_t value)
{
	struct finder *finder = context;
	node_t node = node_at(finder, value);

	if (node != NO_NODE)
		vec_push(&finder->verdicts->input.starts, node);
}

static void judge(struct finder *finder)
{
	struct never_wakes *verdicts = finder->verdicts;

	for (uint32_t i = 0; i < finder->goroutines->list.count; i++) {
		struct goroutine_verdict *verdict = &verdicts->of[i];

		if (verdict->verdict != VERDICT_NEVER_WAKES)
			continue;
		if (bitset_has(verdicts->reach.open, i))
			*verdict = (struct goroutine_verdict){VERDICT_ALIVE, WAKE_REACHED};
		else if (is_meant(finder, i))
			*verdict = (struct goroutine_verdict){VERDICT_ALIVE, WAKE_MEANT};
		else
			verdict->why = verdicts->waits.of[i].kind == WAIT_FOREVER ? WAKE_NEVER_READY
										  : WAKE_UNREACHED;
		verdicts->count += verdict->verdict == VERDICT_NEVER_WAKES;
	}
}

static struct error *find(struct finder *finder)
{
	struct never_wakes *verdicts = finder->verdicts;

	waits_load(finder->heap, finder->goroutines, &verdicts->waits);
	verdicts->of = memory_array(finder->goroutines->list.count, sizeof(*verdicts->of));
	verdicts->input = (struct gated_input){
		.graph = &finder->objects->graph,
		.gates = shut_gate(finder) + 1,
		.leads = tiny_locks_lead,
		.context = &finder->tiny,
	};
	add_goroutines(finder);
	add_weak_handles(finder);
	tiny_locks_sort(&finder->tiny);
	thread_words_each(finder->heap->runtime, finder->goroutines, add_start, finder);
	TRY(gated_reach_find(&verdicts->input, &verdicts->reach));
	judge(finder);
	return NULL;
}

struct error *never_wakes_find(const struct analysis *analysis, struct never_wakes **ret)
{
	_cleanup_(cleanup_never_wakes) struct never_wakes *verdicts =
		memory_alloc(sizeof(*verdicts));
	struct finder finder = {
		.analysis = analysis,
		.objects = analysis->objects,
		.heap = analysis->heap,
		.goroutines = &analysis->objects->stacks.goroutines,
		.verdicts = verdicts,
		.tiny = {.analysis = analysis},
		.unsure = !is_complete(analysis),
	};
	struct error *error = find(&finder);

	vec_deinit(&finder.tiny.list);
	if (error)
		return error;
	*ret = take_pointer(verdicts);
	return NULL;
}

/* All g and sudogs; of stacks that of the goroutine, those of goroutines that never wake, and, when
 * `only_running`, of all that wait. */
static void avoid_waiting(const struct analysis *analysis, const struct never_wakes *verdicts,
	uint32_t goroutine, bool only_running, uint64_t *avoided)
{
	vec_foreach (closed, &verdicts->input.closed) {
		bool shut = only_running || !bitset_has(verdicts->reach.open, closed->gate);

		if (shut || closed->gate == goroutine ||
			!node_is_virtual(analysis->objects, closed->node))
			bitset_add(avoided, closed->node);
	}
}

static struct error *find_chain(const struct analysis *analysis, const struct never_wakes *verdicts,
	uint32_t goroutine, node_t target, bool only_running, struct path *ret)
{
	size_t words = BITSET_WORDS(analysis_graph(analysis)->count);
	uint64_t *avoided;

	TRY(big_table_alloc(words, sizeof(uint64_t), &avoided));
	avoid_waiting(analysis, verdicts, goroutine, only_running, avoided);
	struct error *error = paths_to_avoiding(analysis, avoided, target, ret);
	big_table_free(avoided, words * sizeof(uint64_t));
	return error;
}

struct error *never_wakes_chain(const struct analysis *analysis, const struct never_wakes *verdicts,
	uint32_t goroutine, uint32_t awaited, struct path *ret)
{
	object_t object =
		heap_object_at(analysis->heap, verdicts->waits.awaited.items[awaited].object);
	node_t target;

	*ret = (struct path){0};
	if (object == NO_OBJECT)
		return NULL;
	target = node_of_object(analysis->objects, object);
	TRY(find_chain(analysis, verdicts, goroutine, target, true, ret));
	return ret->nodes.count ? NULL
				: find_chain(analysis, verdicts, goroutine, target, false, ret);
}

void never_wakes_destroy(struct never_wakes *verdicts)
{
	if (!verdicts)
		return;
	free(verdicts->of);
	waits_deinit(&verdicts->waits);
	gated_reach_deinit(&verdicts->reach);
	gated_input_deinit(&verdicts->input);
	free(verdicts);
}

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = {
		[VERDICT_ALIVE] = "alive",
		[VERDICT_LIKELY] = "likely",
		[VERDICT_NEVER_WAKES] = "never-wakes",
	};

	return names[verdict];
}

const char *wake_text(enum wake why)
{
	switch (why) {
	case WAKE_RUNS:
		return "it runs or is ready to run";
	case WAKE_OTHER:
		return "a timer, the network or the runtime wakes it";
	case WAKE_REACHED:
		return "something that can run still reaches what is waited for";
	case WAKE_GLOBAL:
		return "what is waited for is in a package variable";
	case WAKE_UNDER_WAY:
		return "it is being woken, or was read in the middle of a change";
	case WAKE_UNSURE:
		return "not all of the memory could be read";
	case WAKE_MEANT:
		return "main waits for ever so that the program does not end";
	case WAKE_NEVER_READY:
		return "an operation on a nil channel, or a select without cases, never gets ready";
	case WAKE_UNREACHED:
		return "nothing that can run reaches what is waited for";
	case WAKE_ALL_ASLEEP:
		return "all goroutines wait: the runtime ended the program for it";
	case WAKE_ORPHAN:
		return "nothing that can run reaches the channel that would stop it";
	case WAKE_ONE_HOLDER:
		return "one reference alone keeps what is waited for, and more and more wait";
	case WAKE_DEADLOCK:
		return "it waits for others that wait for it";
	}
	return "";
}
