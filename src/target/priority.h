/* Going before other processes while the target waits for this one.
 *
 * With CAP_SYS_NICE by the real-time class, since a nice value counts only among the processes of
 * one session or control group (sched(7), "The autogroup feature"); without it the pause may be
 * longer on a busy machine. The kernel leaves other processes a twentieth of the time
 * (sched_rt_runtime_us). For the calling thread, and for those that it starts meanwhile.
 */
#pragma once

struct priority {
	int policy;
	int level; /* of a real-time class */
	int nice;
};

void priority_raise(struct priority *ret_before);
void priority_restore(const struct priority *before);
