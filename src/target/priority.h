/* Going before other processes while the target waits for this one, and behind it while it runs.
 *
 * Needs CAP_SYS_NICE; without it the pause may be longer on a busy machine. A nice value counts
 * only among the processes of one session or control group (sched(7), "The autogroup feature"), the
 * real-time class among all; the kernel leaves the others a twentieth of the time
 * (sched_rt_runtime_us). For the calling thread, and for those that it starts meanwhile.
 */
#pragma once

struct priority {
	int policy;
	int level; /* of a real-time class */
	int nice;
};

/* Before others, as far as a nice value helps. */
void priority_raise(struct priority *ret_before);

/* Before all others, by the real-time class. Never while waiting for the target to do something: a
 * waiter that keeps looking would take the processor from it. */
void priority_raise_above_all(void);

/* While the target runs: a thread that wakes up need not wait until this one has had its usual turn
 * of some milliseconds. Since Linux 6.12; for this thread and those that it starts. */
void priority_take_short_turns(void);

/* Lets who waits for this processor have it. Wherever a turn ends: in whatever control group. */
void priority_step_aside(void);

void priority_restore(const struct priority *before);
