/* Timers that nobody can stop, and what they keep alive.
 *
 * A timer that only the runtime's heap of timers refers to cannot be stopped any more, and from its
 * channel nobody receives. That follows from reachability: the heap of the P dominates it.
 *
 * Guards: a timer that somebody still has is not reported, nor one that fires soon, nor a function
 * that keeps next to nothing (an expiry by key: one small closure for each entry of a cache).
 */
#include <string.h>

#include "finding_kind.h"
#include "heaviest.h"
#include "goroutine_text.h"
#include "human.h"
#include "timers.h"

#define SECOND 1000000000ull

enum {
	FUNCTION_SECONDS = 60, /* a function that is called sooner is not waited for in vain */
	CHANNEL_SECONDS = 10,
	MANY_TICKERS = 100,    /* each of them costs a wake-up for every tick: more than memory */
	MIN_BYTES_EACH = 1024, /* for a function: less is the price of a timer */
};

/* Timers of one mistake: with the same function, or tickers of the same period. */
struct timer_group {
	struct timer example; /* the one that holds most */
	addr_t entry;         /* of the function; 0: channels */
	uint64_t count;
	uint64_t bytes;
	uint64_t most_bytes;
	uint64_t latest; /* when the last of them fires */
};

struct timer_groups {
	const struct evidence_base *base;
	struct addrmap by_key;
	VEC(struct timer_group) list;
};

static node_t node_at(const struct analysis *analysis, addr_t address)
{
	object_t object = heap_object_at(analysis->heap, address);

	return object == NO_OBJECT ? NO_NODE : node_of_object(analysis->objects, object);
}

/* Has nobody the timer, nor its channel, but the heap of the P? */
static bool is_abandoned(const struct analysis *analysis, const struct timer *timer)
{
	const node_t *idom = analysis->retention->idom;
	node_t node = node_at(analysis, timer->address), heap = node_at(analysis, timer->heap);
	node_t argument = node_at(analysis, timer->argument);

	if (node == NO_NODE || heap == NO_NODE || idom[node] != heap)
		return false;
	return timer->use == TIMER_FUNCTION || (argument != NO_NODE && idom[argument] == node);
}

static bool is_far(const struct timer *timer, uint64_t now)
{
	uint64_t seconds = timer->use == TIMER_FUNCTION ? FUNCTION_SECONDS : CHANNEL_SECONDS;

	return timer->period || timer->when > now + seconds * SECOND;
}

static addr_t entry_of(const struct analysis *analysis, const struct timer *timer)
{
	struct reader reader = reader_over(analysis->program->target);

	return timer->use == TIMER_FUNCTION ? reader_u64(&reader, timer->argument) : 0;
}

static struct timer_group *group_of(struct timer_groups *groups, const struct timer *timer)
{
	addr_t entry = entry_of(groups->base->analysis, timer);
	addr_t key = entry ? entry : (timer->period << 1) | 1;
	uint32_t place;

	if (!addrmap_get(&groups->by_key, key, &place)) {
		place = (uint32_t)groups->list.count;
		addrmap_set(&groups->by_key, key, place);
		vec_push(&groups->list, {.example = *timer, .entry = entry});
	}
	return &groups->list.items[place];
}

static void add_timer(struct timer_groups *groups, const struct timer *timer)
{
	const struct analysis *analysis = groups->base->analysis;
	struct timer_group *group;
	uint64_t bytes;

	if (timer->use == TIMER_OTHER || !is_far(timer, groups->base->now_ns) ||
		!is_abandoned(analysis, timer))
		return;
	group = group_of(groups, timer);
	bytes = retention_retained(analysis->retention, node_at(analysis, timer->address));
	group->count++;
	group->bytes += bytes;
	group->latest = MAX(group->latest, timer->when);
	if (bytes > group->most_bytes) {
		group->most_bytes = bytes;
		group->example = *timer;
	}
}

static bool matters(const struct evidence_base *base, const struct timer_group *group)
{
	if (group->example.period && group->count >= MANY_TICKERS)
		return true;
	return finding_matters(base->analysis, group->bytes) &&
	       (!group->entry || group->bytes / group->count >= MIN_BYTES_EACH);
}

static void describe_function(const struct evidence_base *base, struct finding *finding,
	const struct timer_group *group, const char *wait)
{
	const struct analysis *analysis = base->analysis;
	const char *last = group->count > 1 ? "the last " : "";

	finding->subject = goroutine_text_function(analysis, group->entry);
	finding->type = memory_string("func()");
	finding->detail = memory_format("%sfires in %s", last, wait);
	vec_push(&finding->path, memory_string("timers"));
	vec_push(&finding->path, memory_string(finding->subject));
	heaviest_add_path(
		analysis, base->naming, finding, node_at(analysis, group->example.argument));
	finding_note(finding, "nobody has the timer, so it cannot be stopped: what its function "
			      "refers to stays until it fires");
	finding->fix = !strncmp(finding->subject, "context.", strlen("context."))
			       ? "call the context's cancel function when the work is done: "
				 "defer cancel()"
			       : "keep the timer and Stop it when the work is done, or let the "
				 "function refer to a key and not to the data";
}

static void describe_channel(
	struct finding *finding, const struct timer_group *group, const char *wait)
{
	_cleanup_free_ char *period = human_duration(group->example.period);

	finding->type = memory_string("chan time.Time");
	if (group->example.period) {
		finding->subject = memory_format("time.NewTicker every %s", period);
		finding->detail = memory_string("nobody has the ticker or its channel");
		finding->fix = "stop the ticker on every way out: defer ticker.Stop()";
		finding_note(finding, "it ticks for ever: only its owner could stop it");
	} else {
		finding->subject = memory_string("time.After");
		finding->detail = memory_format("the last fires in %s", wait);
		finding->fix =
			"make one timer with time.NewTimer before the loop, and Stop and Reset it";
		finding_note(finding, "nobody receives from their channels any more: each stays "
				      "until its time is over");
	}
	vec_push(&finding->path, memory_string("timers"));
	vec_push(&finding->path, memory_string(finding->subject));
}

static void add_group(const struct evidence_base *base, const struct timer_group *group,
	struct finding_list *findings)
{
	bool ticks = group->example.period;
	uint64_t left = group->latest > base->now_ns ? group->latest - base->now_ns : 0;
	_cleanup_free_ char *wait = human_duration(left);
	struct finding *finding =
		finding_add(findings, &timer_kept, ticks ? TIER_PROVED : TIER_LIKELY);

	finding->node = node_at(
		base->analysis, group->entry ? group->example.argument : group->example.address);
	finding->count = group->count;
	finding->holds_bytes = finding->frees_bytes = group->bytes;
	if (group->entry)
		describe_function(base, finding, group, wait);
	else
		describe_channel(finding, group, wait);
	finding_number(finding, "period_ns", ticks ? EVIDENCE_DURATION : EVIDENCE_UNKNOWN,
		group->example.period);
	finding_number(
		finding, "last_fires_in_ns", ticks ? EVIDENCE_UNKNOWN : EVIDENCE_DURATION, left);
	finding_number(finding, "bytes_per_timer", EVIDENCE_BYTES, group->bytes / group->count);
}

static struct error *find(const struct evidence_base *base, struct finding_list *findings)
{
	struct timer_groups groups = {.base = base};
	struct timers timers;

	timers_load(base->analysis->program->runtime, &timers);
	vec_foreach (timer, &timers.list)
		add_timer(&groups, timer);
	vec_foreach (group, &groups.list) {
		if (matters(base, group))
			add_group(base, group, findings);
	}
	timers_deinit(&timers);
	addrmap_deinit(&groups.by_key);
	vec_deinit(&groups.list);
	return NULL;
}

const struct finding_kind timer_kept = {
	.name = "timer-kept",
	.one = "timer never stopped",
	.many = "timers never stopped",
	.find = find,
};
