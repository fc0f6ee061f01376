/* Many goroutines that wait for one lock while who holds it waits for something else: the network,
 * a timer, a channel, the kernel.
 *
 * What looks like it and is healthy: a lock that many use, each for a moment. Then who holds it
 * runs. So it is reported only when exactly one goroutine can be told to hold the lock, and that
 * one does not run and is not about to.
 */
#include <inttypes.h>

#include "goroutine_finding.h"
#include "goroutine_text.h"
#include "human.h"
#include "lock_text.h"

enum { CONVOY_MIN = 8 }; /* goroutines that wait for the lock */

static const struct goroutine *goroutine_at(const struct evidence_base *base, uint32_t number)
{
	return &base->analysis->objects->stacks.goroutines.list.items[number];
}

/* Who holds it, or NULL: it cannot be told, or he is at work. */
static const struct lock_holder *holder_of(const struct evidence_base *base, uint32_t number)
{
	const struct deadlocks *deadlocks = &base->goroutines->deadlocks;
	uint32_t count;
	const struct lock_holder *holder = lock_holders_best(&deadlocks->holders, number, &count);

	if (count != 1)
		return NULL;
	const struct goroutine *goroutine = goroutine_at(base, holder->goroutine);
	bool stands =
		goroutine->status == GOROUTINE_WAITING || goroutine->status == GOROUTINE_SYSCALL;
	return stands && base->goroutines->wakes->of[holder->goroutine].why != WAKE_DEADLOCK
		       ? holder
		       : NULL;
}

/* One of those that wait for it: the one that waits longest. */
static uint32_t first_waiter(const struct evidence_base *base, uint32_t number)
{
	const struct lock_holders *holders = &base->goroutines->deadlocks.holders;
	const struct waits *waits = &base->goroutines->wakes->waits;
	const struct goroutines *all = &base->analysis->objects->stacks.goroutines;
	uint32_t first = NO_LOCK;

	for (uint32_t i = 0; i < all->list.count; i++) {
		uint64_t since = all->list.items[i].wait_since;

		if (waits->of[i].count != 1 || holders->of_awaited[waits->of[i].first] != number)
			continue;
		if (first == NO_LOCK ||
			(since && (!all->list.items[first].wait_since ||
					  since < all->list.items[first].wait_since)))
			first = i;
	}
	return first;
}

static void add_holder(
	const struct evidence_base *base, const struct lock_holder *holder, struct finding *finding)
{
	const struct goroutine *goroutine = goroutine_at(base, holder->goroutine);
	const char *state = goroutine_text_state(base->analysis, goroutine);
	_cleanup_free_ char *name = goroutine_finding_name(base->analysis, holder->goroutine);

	finding_note(finding, "%s holds it%s%s (%s), and is in %s", name,
		holder->function ? " in " : "", holder->function ? holder->function : "",
		holds_how_text(holder->how), state);
	finding_number(finding, "holder_goid", EVIDENCE_COUNT, goroutine->goid);
	finding_text(finding, "holder_waits_in", memory_string(state));
	finding_text(finding, "holder",
		goroutine_text_top(&base->analysis->objects->stacks.groups
					    .items[base->analysis->objects->stacks
							    .group_of[holder->goroutine]]));
}

static void add_convoy(const struct evidence_base *base, uint32_t number,
	const struct lock_holder *holder, struct finding_list *findings)
{
	const struct waited_for *lock = &base->goroutines->deadlocks.holders.list.items[number];
	struct finding *finding = finding_add(findings, &lock_convoy, TIER_LIKELY);
	_cleanup_free_ char *count = human_count(lock->waiters);

	finding->node = lock->node;
	if (lock->node == NO_NODE)
		finding->subject = lock_text(base->analysis, base->naming, lock);
	finding->type = memory_string(lock_type_name(lock->lock));
	finding->count = lock->waiters;
	finding->address = lock->address;
	finding->detail =
		memory_format("%s goroutines wait for its %s", count, lock_type_name(lock->lock));
	finding->fix = "hold the lock only around the memory that it guards: let go of it before "
		       "waiting for the network, a timer or a channel";
	add_holder(base, holder, finding);
	goroutine_finding_origin(base, first_waiter(base, number), finding);
}

static struct error *find(const struct evidence_base *base, struct finding_list *findings)
{
	const struct lock_holders *holders = &base->goroutines->deadlocks.holders;

	for (uint32_t i = 0; i < holders->list.count; i++) {
		const struct waited_for *entry = &holders->list.items[i];
		bool of_lock = entry->lock != LOCK_NONE && entry->lock != LOCK_WAITGROUP;

		if (!of_lock || entry->waiters < CONVOY_MIN)
			continue;
		if (base->goroutines->wakes->of[first_waiter(base, i)].verdict != VERDICT_ALIVE)
			continue;
		const struct lock_holder *holder = holder_of(base, i);
		if (holder)
			add_convoy(base, i, holder, findings);
	}
	return NULL;
}

const struct finding_kind lock_convoy = {
	.name = "convoy",
	.one = "lock held while waiting",
	.find = find,
};
