#include "priority.h"

#include <sched.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
	HIGHEST_NICE = -20, /* setpriority(2) */
	SHORT_TURN_NS = 100000,
	STEP_ASIDE_NS = 20000,
	TIMER_SLACK_NS = 1000,
};

/* struct sched_attr of linux/sched/types.h, which does not go together with sched.h. */
struct scheduling {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t level;
	uint64_t runtime_ns; /* of SCHED_OTHER: the length of a turn */
	uint64_t deadline_ns;
	uint64_t period_ns;
};

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

void priority_take_short_turns(void)
{
	struct scheduling scheduling = {
		.size = sizeof(scheduling),
		.policy = SCHED_OTHER,
		.nice = getpriority(PRIO_PROCESS, 0),
		.runtime_ns = SHORT_TURN_NS,
	};

	if (sched_getscheduler(0) == SCHED_OTHER)
		syscall(SYS_sched_setattr, 0, &scheduling, 0);
	prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS);
}

void priority_step_aside(void)
{
	nanosleep(&(struct timespec){.tv_nsec = STEP_ASIDE_NS}, NULL);
}

void priority_restore(const struct priority *before)
{
	set_class(before->policy, before->level);
	setpriority(PRIO_PROCESS, 0, before->nice);
}
