#include "lock_holders.h"

#include <string.h>

#include "big_table.h"
#include "code_refs.h"
#include "near.h"
#include "stack_closures.h"

/* What is waited for and used by the code of a group's frames. */
struct used_variables {
	bool known;
	VEC(uint32_t) places;
};

struct finder {
	const struct analysis *analysis;
	const struct stacks *stacks;
	const struct never_wakes *verdicts;
	struct lock_holders *ret;
	struct addrmap by_address; /* -> place in list */
	struct addrmap by_node;    /* node + 1 -> the last in list that is in this object */
	VEC(uint32_t) same_node;   /* by place in list: the one before in the same object */
	bool of_variables;         /* a lock in a package variable is waited for */
	bool of_locks;
	uint64_t *shut;              /* bits, by node: g and sudogs of those that wait */
	struct used_variables *used; /* by group of stacks */
	uint32_t goroutine;          /* that is looked at */
	struct addrmap noted;        /* of this one: place in list + 1 -> place in holders */
};

static bool never_wakes(const struct finder *finder, uint32_t number)
{
	return finder->verdicts->of[number].verdict == VERDICT_NEVER_WAKES;
}

static enum lock_kind lock_kind(const struct finder *finder, uint32_t number)
{
	const struct goroutine_group *group =
		&finder->stacks->groups.items[finder->stacks->group_of[number]];
	const char *functions[LOCK_FRAMES];
	size_t count = MIN(group->frames.count, (size_t)LOCK_FRAMES);

	for (size_t i = 0; i < count; i++)
		functions[i] = group->frames.items[i].function.name;
	return lock_kind_of(functions, count);
}

static node_t node_at(const struct finder *finder, addr_t address)
{
	object_t object = heap_object_at(finder->analysis->heap, address);

	return object == NO_OBJECT ? NO_NODE : node_of_object(finder->analysis->objects, object);
}

/* Code may refer to the start of the variable that a lock is a part of. */
static void add_variable(struct finder *finder, addr_t address, uint32_t place)
{
	const struct program *program = finder->analysis->program;
	struct go_variable variable = variable_at(program->runtime, program->debuginfo, address);

	finder->of_variables = true;
	if (variable.address && !addrmap_get(&finder->by_address, variable.address, NULL))
		addrmap_set(&finder->by_address, variable.address, place);
}

/* The place of what is at an address, added when it is new. */
static uint32_t add_waited_for(struct finder *finder, addr_t address, enum lock_kind lock)
{
	struct waited_for entry = {
		.address = address, .node = node_at(finder, address), .lock = lock};
	uint32_t place, before = NO_LOCK;

	if (addrmap_get(&finder->by_address, address, &place))
		return place;
	place = (uint32_t)finder->ret->list.count;
	addrmap_set(&finder->by_address, address, place);
	vec_push(&finder->ret->list, entry);
	if (entry.node != NO_NODE) {
		addrmap_get(&finder->by_node, (addr_t)entry.node + 1, &before);
		addrmap_set(&finder->by_node, (addr_t)entry.node + 1, place);
	} else {
		add_variable(finder, address, place);
	}
	finder->of_locks |= lock != LOCK_NONE;
	vec_push(&finder->same_node, before);
	return place;
}

static void add_waits(struct finder *finder, uint32_t number)
{
	const struct goroutine_wait *wait = &finder->verdicts->waits.of[number];
	enum lock_kind lock = wait->kind == WAIT_SEMAPHORE ? lock_kind(finder, number) : LOCK_NONE;
	bool of_lock = lock != LOCK_NONE && lock != LOCK_WAITGROUP;

	if (!wait->settled || (!of_lock && !never_wakes(finder, number)))
		return;
	for (uint32_t i = wait->first; i < wait->first + wait->count; i++) {
		addr_t object = finder->verdicts->waits.awaited.items[i].object;
		addr_t address = lock == LOCK_NONE ? object : lock_of_semaphore(lock, object);
		uint32_t place = add_waited_for(finder, address, lock);

		finder->ret->of_awaited[i] = place;
		finder->ret->list.items[place].of_channel = wait->kind == WAIT_CHANNEL;
		if (!finder->ret->list.items[place].waiters++)
			finder->ret->list.items[place].first_waiter = number;
	}
}

static bool waits_for(const struct finder *finder, uint32_t number, uint32_t place)
{
	const struct goroutine_wait *wait = &finder->verdicts->waits.of[number];

	for (uint32_t i = wait->first; i < wait->first + wait->count; i++) {
		if (finder->ret->of_awaited[i] == place)
			return true;
	}
	return false;
}

static void note(struct finder *finder, uint32_t place, enum holds_how how)
{
	uint32_t known;

	if (how != HOLDS_DEFERS && waits_for(finder, finder->goroutine, place))
		return;
	if (addrmap_get(&finder->noted, (addr_t)place + 1, &known)) {
		struct lock_holder *holder = &finder->ret->holders.items[known];

		holder->how = MAX(holder->how, how);
		return;
	}
	addrmap_set(&finder->noted, (addr_t)place + 1, (uint32_t)finder->ret->holders.count);
	vec_push(&finder->ret->holders, {place, finder->goroutine, how, NULL});
}

static void note_deferred(struct finder *finder, uint32_t place, const char *function)
{
	uint32_t known;

	note(finder, place, HOLDS_DEFERS);
	if (addrmap_get(&finder->noted, (addr_t)place + 1, &known))
		finder->ret->holders.items[known].function = function;
}

/* Everything that is waited for and is in the object. */
static void note_object(struct finder *finder, node_t node)
{
	uint32_t place = NO_LOCK;

	addrmap_get(&finder->by_node, (addr_t)node + 1, &place);
	for (; place != NO_LOCK; place = finder->same_node.items[place])
		note(finder, place, HOLDS_REACHES);
}

/* Does it lead to more of the goroutine's own? Through channels and sudogs it would lead to others
 * that wait. */
static bool leads_on(const struct finder *finder, node_t node)
{
	uint32_t place;

	if (bitset_has(finder->shut, node))
		return false;
	return !addrmap_get(&finder->by_node, (addr_t)node + 1, &place) ||
	       finder->ret->list.items[place].lock != LOCK_NONE;
}

static bool look_at_node(void *context, node_t node)
{
	struct finder *finder = context;

	note_object(finder, node);
	return leads_on(finder, node);
}

/* Is it a package variable that is waited for? */
static bool find_variable(const struct finder *finder, addr_t address, uint32_t *ret)
{
	return addrmap_get(&finder->by_address, address, ret) &&
	       finder->ret->list.items[*ret].node == NO_NODE;
}

struct uses {
	const struct finder *finder;
	struct used_variables *used;
};

static void add_used(void *context, addr_t address)
{
	const struct uses *uses = context;
	uint32_t place;

	if (find_variable(uses->finder, address, &place))
		vec_push(&uses->used->places, place);
}

static void find_used(
	const struct finder *finder, const struct function *function, struct used_variables *used)
{
	code_refs_of_function(finder->analysis->program->runtime, function, add_used,
		&(struct uses){finder, used});
}

static bool is_of_locks(const char *name)
{
	return strncmp(name, "runtime.", strlen("runtime.")) == 0 ||
	       strstr(name, "sync.(*") != NULL || strstr(name, "sync.runtime_") != NULL;
}

/* The variables that the functions of its frames use. */
static void look_at_code(struct finder *finder)
{
	uint32_t number = finder->stacks->group_of[finder->goroutine];
	struct used_variables *used = &finder->used[number];

	if (!used->known) {
		vec_foreach (frame, &finder->stacks->groups.items[number].frames) {
			if (!is_of_locks(frame->function.name))
				find_used(finder, &frame->function, used);
		}
		used->known = true;
	}
	vec_foreach (place, &used->places)
		note(finder, *place, HOLDS_USES);
}

static bool is_deferred_call(const char *name)
{
	return strstr(name, "deferwrap") || strstr(name, "dwrap");
}

/* defer mu.Unlock() of a package variable captures nothing: its code has the address. */
static void look_at_deferred(struct finder *finder, const struct stack_closure *closure)
{
	struct used_variables used = {0};
	struct function function;

	if (goruntime_function(
		    finder->analysis->program->runtime, closure->entry, NULL, &function) &&
		is_deferred_call(function.name))
		find_used(finder, &function, &used);
	vec_foreach (place, &used.places)
		note_deferred(finder, *place, closure->deferred_by);
	vec_deinit(&used.places);
}

static void look_at_closure(void *context, const struct stack_closure *closure)
{
	struct finder *finder = context;
	uint32_t place;

	if (!closure->deferred_by)
		return;
	if (addrmap_get(&finder->by_address, closure->captured, &place))
		note_deferred(finder, place, closure->deferred_by);
	else if (finder->of_variables && closure->in_heap)
		look_at_deferred(finder, closure);
}

static void look_at_word(void *context, addr_t word)
{
	struct finder *finder = context;
	uint32_t place;

	if (find_variable(finder, word, &place))
		note(finder, place, HOLDS_REACHES);
}

static void look_at(struct finder *finder, uint32_t number)
{
	const struct goruntime *runtime = finder->analysis->program->runtime;
	const struct goroutine *goroutine = &finder->stacks->goroutines.list.items[number];

	finder->goroutine = number;
	near_each(analysis_graph(finder->analysis),
		object_graph_goroutine(finder->analysis->objects, number), look_at_node, finder);
	if (finder->of_locks)
		stack_closures_each(runtime, goroutine, look_at_closure, finder);
	if (finder->of_variables) {
		stack_words_each(runtime, goroutine, look_at_word, finder);
		look_at_code(finder);
	}
	addrmap_deinit(&finder->noted);
}

static int by_strength(const void *left, const void *right)
{
	const struct lock_holder *a = left, *b = right;

	if (a->waited_for != b->waited_for)
		return a->waited_for < b->waited_for ? -1 : 1;
	if (a->how != b->how)
		return a->how > b->how ? -1 : 1;
	return (a->goroutine > b->goroutine) - (a->goroutine < b->goroutine);
}

static void sort(struct lock_holders *holders)
{
	if (!holders->holders.count)
		return;
	qsort(holders->holders.items, holders->holders.count, sizeof(struct lock_holder),
		by_strength);
	for (uint32_t i = 0; i < holders->holders.count; i++) {
		struct waited_for *entry =
			&holders->list.items[holders->holders.items[i].waited_for];

		if (!entry->count++)
			entry->first = i;
	}
}

static void find_holders(struct finder *finder)
{
	vec_foreach (closed, &finder->verdicts->input.closed) {
		if (!node_is_virtual(finder->analysis->objects, closed->node))
			bitset_add(finder->shut, closed->node);
	}
	for (uint32_t i = 0; i < finder->stacks->goroutines.list.count; i++)
		look_at(finder, i);
	sort(finder->ret);
}

static void finder_deinit(struct finder *finder)
{
	for (size_t i = 0; i < finder->stacks->groups.count; i++)
		vec_deinit(&finder->used[i].places);
	free(finder->used);
	addrmap_deinit(&finder->by_address);
	addrmap_deinit(&finder->by_node);
	vec_deinit(&finder->same_node);
}

struct error *lock_holders_find(const struct analysis *analysis, const struct never_wakes *verdicts,
	struct lock_holders *ret)
{
	const struct stacks *stacks = &analysis->objects->stacks;
	size_t words = BITSET_WORDS(analysis_graph(analysis)->count);
	struct finder finder = {analysis, stacks, verdicts, ret,
		.used = memory_array(stacks->groups.count, sizeof(*finder.used))};
	struct error *error = NULL;

	*ret = (struct lock_holders){
		.of_awaited = memory_array(verdicts->waits.awaited.count, sizeof(uint32_t))};
	for (size_t i = 0; i < verdicts->waits.awaited.count; i++)
		ret->of_awaited[i] = NO_LOCK;
	for (uint32_t i = 0; i < stacks->goroutines.list.count; i++)
		add_waits(&finder, i);
	if (ret->list.count)
		error = big_table_alloc(words, sizeof(uint64_t), &finder.shut);
	if (finder.shut) {
		find_holders(&finder);
		big_table_free(finder.shut, words * sizeof(uint64_t));
	}
	finder_deinit(&finder);
	return error;
}

void lock_holders_deinit(struct lock_holders *holders)
{
	vec_deinit(&holders->list);
	vec_deinit(&holders->holders);
	free(holders->of_awaited);
	*holders = (struct lock_holders){0};
}

const struct lock_holder *lock_holders_best(
	const struct lock_holders *holders, uint32_t waited_for, uint32_t *ret_count)
{
	const struct waited_for *entry = &holders->list.items[waited_for];
	const struct lock_holder *first = holders->holders.items + entry->first;
	uint32_t count = 0;

	while (count < entry->count && first[count].how == first->how)
		count++;
	*ret_count = count;
	return first;
}

const char *holds_how_text(enum holds_how how)
{
	static const char *const texts[] = {
		[HOLDS_REACHES] = "its frames lead to it",
		[HOLDS_USES] = "the code of its frames uses it",
		[HOLDS_DEFERS] = "it has deferred a call with it",
	};

	return texts[how];
}
