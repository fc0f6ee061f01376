#include "parallel.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "memory.h"

struct parallel_task {
	pthread_t thread;
	parallel_fn *work;
	void *context;
	unsigned worker;
	struct error *error;
};

unsigned parallel_width(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 2;
	int processors = CPU_COUNT(&set);

	return (unsigned)MAX(1, MIN(processors, MAX_WORKERS));
}

static void *task_run(void *argument)
{
	struct parallel_task *task = argument;

	task->error = task->work(task->context, task->worker);
	return NULL;
}

static struct error *task_start(struct parallel_task *task)
{
	int code = pthread_create(&task->thread, NULL, task_run, task);

	if (code) {
		errno = code;
		return error_system("cannot start a thread");
	}
	return NULL;
}

struct error *parallel_start(parallel_fn *work, void *context, struct parallel_task **ret)
{
	struct parallel_task *task = memory_alloc(sizeof(*task));

	task->work = work;
	task->context = context;
	struct error *error = task_start(task);
	if (error) {
		free(task);
		return error;
	}
	*ret = task;
	return NULL;
}

struct error *parallel_join(struct parallel_task *task)
{
	pthread_join(task->thread, NULL);
	struct error *error = task->error;

	free(task);
	return error;
}

struct error *parallel_run(unsigned width, parallel_fn *work, void *context)
{
	struct parallel_task tasks[MAX_WORKERS] = {0};
	struct error *first = NULL;
	unsigned started = 1;

	width = MAX(1u, MIN(width, (unsigned)MAX_WORKERS));
	for (; started < width; started++) {
		tasks[started] =
			(struct parallel_task){.work = work, .context = context, .worker = started};
		first = task_start(&tasks[started]);
		if (first)
			break;
	}
	struct error *own = work(context, 0);
	if (first)
		error_destroy(own);
	else
		first = own;
	for (unsigned i = 1; i < started; i++) {
		pthread_join(tasks[i].thread, NULL);
		if (first)
			error_destroy(tasks[i].error);
		else
			first = tasks[i].error;
	}
	return first;
}
