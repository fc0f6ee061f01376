#include "priority.h"

#include <sched.h>
#include <sys/resource.h>

enum { HIGHEST_NICE = -20 }; /* setpriority(2) */

static void set_class(int policy, int level)
{
	const struct sched_param parameters = {.sched_priority = level};

	sched_setscheduler(0, policy, &parameters);
}

void priority_raise(struct priority *ret_before)
{
	struct sched_param parameters = {0};

	sched_getparam(0, &parameters);
	*ret_before = (struct priority){
		.policy = sched_getscheduler(0),
		.level = parameters.sched_priority,
		.nice = getpriority(PRIO_PROCESS, 0),
	};
	setpriority(PRIO_PROCESS, 0, HIGHEST_NICE);
}

void priority_raise_above_all(void)
{
	set_class(SCHED_RR, sched_get_priority_min(SCHED_RR));
}

void priority_restore(const struct priority *before)
{
	set_class(before->policy, before->level);
	setpriority(PRIO_PROCESS, 0, before->nice);
}
