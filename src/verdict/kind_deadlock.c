/* Goroutines that wait for each other (deadlocks.h, with the guard against look-alikes). */
#include <inttypes.h>
#include <string.h>

#include "goroutine_finding.h"
#include "goroutine_text.h"
#include "human.h"
#include "lock_text.h"

enum { STEPS_SHOWN = 8 };

struct maker {
	const struct evidence_base *base;
	const struct deadlocks *deadlocks;
	const struct deadlock *deadlock;
	struct finding *finding;
};

static const struct circle_step *step_at(const struct maker *maker, size_t place)
{
	return &maker->deadlock->steps.items[place % maker->deadlock->steps.count];
}

static uint64_t goid_of(const struct maker *maker, uint32_t goroutine)
{
	return maker->base->analysis->objects->stacks.goroutines.list.items[goroutine].goid;
}

static char *place_of(const struct maker *maker, const struct circle_step *step)
{
	const struct stacks *stacks = &maker->base->analysis->objects->stacks;

	return goroutine_text_top(&stacks->groups.items[stacks->group_of[step->goroutine]]);
}

/* The step whose place comes first in the alphabet, so that the name is always the same. */
static size_t first_step(const struct maker *maker)
{
	_cleanup_free_ char *first = place_of(maker, step_at(maker, 0));
	size_t ret = 0;

	for (size_t i = 1; i < maker->deadlock->steps.count; i++) {
		char *place = place_of(maker, step_at(maker, i));

		if (strcmp(place, first) < 0) {
			char *before = first;

			first = place;
			place = before;
			ret = i;
		}
		free(place);
	}
	return ret;
}

static char *awaited_text(const struct maker *maker, const struct circle_step *step)
{
	return lock_text(maker->base->analysis, maker->base->naming,
		&maker->deadlocks->holders.list.items[step->waited_for]);
}

/* "goroutine 18 (main.f at f.go:9) waits for sync.Mutex in main.account; goroutine 19 has it: ..."
 */
static void add_step(
	const struct maker *maker, const struct circle_step *step, const struct circle_step *next)
{
	_cleanup_free_ char *name = goroutine_finding_name(maker->base->analysis, step->goroutine);
	_cleanup_free_ char *awaited = awaited_text(maker, step);

	if (step == next)
		finding_note(maker->finding, "%s waits for %s, which it has itself: %s", name,
			awaited, holds_how_text(step->how));
	else
		finding_note(maker->finding, "%s waits for %s, which goroutine %" PRIu64 " has: %s",
			name, awaited, goid_of(maker, next->goroutine), holds_how_text(step->how));
}

static void add_steps(const struct maker *maker)
{
	size_t count = maker->deadlock->steps.count, first = first_step(maker);
	struct text subject = {0}, goids = {0}, locks = {0};

	for (size_t i = 0; i < count; i++) {
		const struct circle_step *step = step_at(maker, first + i);
		_cleanup_free_ char *place = place_of(maker, step);
		char *awaited = awaited_text(maker, step);

		if (i < STEPS_SHOWN) {
			add_step(maker, step, step_at(maker, first + i + 1));
			text_add(&subject, "%s%s", i ? ", " : "", place);
			text_add(&locks, "%s%s", i ? ", " : "", awaited);
		}
		text_add(&goids, "%s%" PRIu64, i ? "," : "", goid_of(maker, step->goroutine));
		vec_push(&maker->finding->path, awaited);
	}
	maker->finding->subject = text_take(&subject);
	finding_text(maker->finding, "goids", text_take(&goids));
	finding_text(maker->finding, "locks", text_take(&locks));
}

/* Of a circle of which it is only likely that they never wake: what only they refer to. */
static void add_retained(const struct maker *maker)
{
	const struct analysis *analysis = maker->base->analysis;

	vec_foreach (step, &maker->deadlock->steps) {
		const struct goroutine *goroutine =
			&analysis->objects->stacks.goroutines.list.items[step->goroutine];

		maker->finding->count++;
		maker->finding->stack_bytes += goroutine->stack_high - goroutine->stack_low;
		maker->finding->holds_bytes += retention_retained(analysis->retention,
			object_graph_goroutine(analysis->objects, step->goroutine));
	}
	maker->finding->frees_bytes = maker->finding->holds_bytes;
}

static void add_price(const struct maker *maker, const struct stuck_group *group)
{
	maker->finding->count = group->count;
	maker->finding->holds_bytes = group->holds_bytes;
	maker->finding->frees_bytes = group->frees_bytes;
	maker->finding->stack_bytes = group->stack_bytes;
}

static char *detail_of(const struct deadlock *deadlock, uint64_t count)
{
	_cleanup_free_ char *circle = human_count(deadlock->steps.count);
	_cleanup_free_ char *circles = human_count(count / deadlock->steps.count);

	if (deadlock->steps.count == 1)
		return memory_string("waits for what it has itself");
	if (count > deadlock->steps.count)
		return memory_format("%s times %s wait for each other", circles, circle);
	return memory_string("wait for each other");
}

static void add_notes(const struct maker *maker)
{
	_cleanup_free_ char *behind = human_count(maker->deadlock->behind);

	if (maker->deadlock->behind)
		finding_note(maker->finding, "%s %s for them in turn", behind,
			maker->deadlock->behind > 1 ? "others wait" : "other one waits");
	finding_note(maker->finding,
		maker->deadlock->proved
			? "that they never wake is proved; who has what is told from their frames"
			: "who has what is told from their frames; nobody else seems to have it");
	finding_text(maker->finding, "reason", memory_string(wake_text(WAKE_DEADLOCK)));
	finding_number(maker->finding, "behind", EVIDENCE_COUNT, maker->deadlock->behind);
}

static void add_deadlock(const struct evidence_base *base, uint32_t number,
	const struct stuck_group *group, struct finding_list *findings)
{
	const struct deadlocks *deadlocks = &base->goroutines->deadlocks;
	struct maker maker = {
		.base = base,
		.deadlocks = deadlocks,
		.deadlock = &deadlocks->list.items[number],
	};

	maker.finding = finding_add(
		findings, &goroutine_deadlock, maker.deadlock->proved ? TIER_PROVED : TIER_LIKELY);
	add_steps(&maker);
	if (group)
		add_price(&maker, group);
	else
		add_retained(&maker);
	maker.finding->detail = detail_of(maker.deadlock, maker.finding->count);
	maker.finding->type = memory_string("deadlock");
	maker.finding->fix = "take locks in the same order everywhere, and wait for no other "
			     "goroutine while holding one";
	add_notes(&maker);
	goroutine_finding_origin(
		base, maker.deadlock->steps.items[first_step(&maker)].goroutine, maker.finding);
}

static struct error *find(const struct evidence_base *base, struct finding_list *findings)
{
	uint32_t groups = (uint32_t)base->analysis->objects->stacks.groups.count;
	const struct deadlocks *deadlocks = &base->goroutines->deadlocks;

	vec_foreach (group, &base->goroutines->stuck.list) {
		if (group->key >= groups)
			add_deadlock(base, group->key - groups, group, findings);
	}
	for (uint32_t i = 0; i < deadlocks->list.count; i++) {
		if (!deadlocks->list.items[i].proved && deadlocks->list.items[i].like == i)
			add_deadlock(base, i, NULL, findings);
	}
	return NULL;
}

const struct finding_kind goroutine_deadlock = {
	.name = "deadlock",
	.one = "deadlock",
	.find = find,
};
