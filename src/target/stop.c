#include "stop.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "addrmap.h"
#include "attach.h"
#include "clock.h"
#include "fault_point.h"
#include "priority.h"
#include "procfs.h"

enum {
	STOP_LIMIT_MS = 2000,
	LONGEST_SLEEP_MS = 10, /* should a signal not come */
};

struct thread {
	pid_t tid;
	pid_t inner; /* the same in the target's own pid namespace */
	bool stopped;
};

struct stop {
	pid_t pid;
	uint64_t began_ns;
	struct priority before;
	bool hurries; /* has a higher priority, until the target is let go */
	VEC(struct thread) threads;
	struct addrmap known; /* thread ids */
	bool has_namespace;   /* its threads have other numbers in it than here */
};

/* Attaches to the threads that are not known yet; ret_new says how many there were. */
static struct error *seize_new_threads(struct stop *stop, size_t *ret_new)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task", stop->pid);
	DIR *tasks = opendir(path);
	if (!tasks)
		return error_create(ERROR_GONE, "there is no process with pid %d", stop->pid);
	size_t before = stop->threads.count;
	struct error *error = NULL;
	for (struct dirent *entry; !error && (entry = readdir(tasks));) {
		pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (tid <= 0 || addrmap_get(&stop->known, (addr_t)tid, NULL))
			continue;
		bool attached = false;
		error = attach_thread(stop->pid, tid, &attached);
		if (!attached)
			continue;
		addrmap_set(&stop->known, (addr_t)tid, 0);
		vec_push(&stop->threads,
			{.tid = tid, .inner = stop->has_namespace ? procfs_inner_id(tid) : tid});
	}
	closedir(tasks);
	if (!error)
		*ret_new = stop->threads.count - before;
	return error;
}

/* The stop of a system call (PTRACE_O_TRACESYSGOOD), or of ptrace itself, has a higher bit set. */
static bool is_before_signal(const siginfo_t *info)
{
	return info->si_code == CLD_TRAPPED && info->si_status > 0 && info->si_status <= SIGRTMAX;
}

/* What there is to be waited for, which stays so. */
static int look(pid_t tid, siginfo_t *ret)
{
	*ret = (siginfo_t){0};
	return FAULT_POINT("waitid",
		waitid(P_PID, (id_t)tid, ret, WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL));
}

int stop_signal(pid_t tid)
{
	siginfo_t info;

	return look(tid, &info) == 0 && is_before_signal(&info) ? info.si_status : 0;
}

pid_t stop_poll(pid_t tid, int *ret_status)
{
	siginfo_t info;

	if (look(tid, &info) < 0)
		return -1;
	if (!is_before_signal(&info))
		return FAULT_POINT("waitpid", waitpid(tid, ret_status, __WALL | WNOHANG));
	*ret_status = W_STOPCODE(info.si_status);
	return tid;
}

static sigset_t news_of_threads(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	return signals;
}

void stop_listen(void)
{
	sigset_t signals = news_of_threads();

	pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

void stop_sleep(uint64_t limit)
{
	sigset_t signals = news_of_threads();
	uint64_t now = clock_now(), longest = LONGEST_SLEEP_MS * NS_PER_MS;
	uint64_t ns = now < limit ? MIN(limit - now, longest) : 0;

	sigtimedwait(&signals, NULL,
		&(struct timespec){
			.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S)});
}

struct error *stop_wait(pid_t pid, pid_t tid, uint64_t limit, bool *ret_stopped)
{
	for (;;) {
		int status;
		pid_t got = stop_poll(tid, &status);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || (got > 0 && !WIFSTOPPED(status)))
			return NULL; /* it has ended */
		if (got == 0) {
			if (clock_now() > limit)
				return error_create(ERROR_SYSTEM,
					"thread %d of pid %d does not stop within %d s: it sleeps in the kernel; try again later",
					tid, pid, STOP_LIMIT_MS / 1000);
			stop_sleep(limit);
			continue;
		}
		if (status >> 16 == PTRACE_EVENT_STOP) {
			*ret_stopped = true;
			return NULL;
		}
		/* A signal was about to be delivered, and that stop has used up our interrupt:
		 * ask again, and let the signal through. */
		FAULT_POINT("interrupt", ptrace(PTRACE_INTERRUPT, tid, NULL, NULL));
		FAULT_POINT(
			"cont", ptrace(PTRACE_CONT, tid, NULL, (void *)(intptr_t)WSTOPSIG(status)));
	}
}

static void let_go(struct thread *thread)
{
	if (thread->stopped)
		FAULT_POINT("detach", ptrace(PTRACE_DETACH, thread->tid, NULL, NULL));
	thread->stopped = false;
}

/* Lets go what has stopped by now. An error: a thread has not, and would keep those behind it. */
static struct error *let_stopped_go(struct stop *stop)
{
	struct error *error = NULL;

	vec_foreach (thread, &stop->threads) {
		struct error *late = stop_wait(stop->pid, thread->tid, 0, &thread->stopped);

		let_go(thread);
		if (error)
			error_destroy(late);
		else
			error = late;
	}
	return error;
}

/* A thread can be let go only when it has stopped: those that have not are waited for, while the
 * others run. */
static struct error *give_up(struct stop *stop)
{
	const uint64_t limit = stop->began_ns + STOP_LIMIT_MS * NS_PER_MS;
	struct error *error;

	vec_foreach (thread, &stop->threads)
		let_go(thread);
	while ((error = let_stopped_go(stop))) {
		if (clock_now() > limit)
			return error;
		error_destroy(error);
		stop_sleep(limit);
	}
	return error_create(ERROR_BUSY, "the threads of pid %d did not stop in time", stop->pid);
}

static struct error *wait_for(struct stop *stop, struct thread *thread, uint64_t limit_ns)
{
	const uint64_t usual_ns = STOP_LIMIT_MS * NS_PER_MS;
	bool shorter = limit_ns && limit_ns < usual_ns;
	struct error *error = stop_wait(stop->pid, thread->tid,
		stop->began_ns + (shorter ? limit_ns : usual_ns), &thread->stopped);

	if (!error || !shorter)
		return error;
	error_destroy(error);
	return give_up(stop);
}

/* New threads appear while the others are being stopped: look again until there are none. */
static struct error *stop_all(struct stop *stop, uint64_t limit_ns)
{
	size_t done = 0, added;

	TRY(seize_new_threads(stop, &added));
	stop->began_ns = clock_now();
	while (added) {
		for (size_t i = done; i < stop->threads.count; i++)
			FAULT_POINT("interrupt",
				ptrace(PTRACE_INTERRUPT, stop->threads.items[i].tid, NULL, NULL));
		for (; done < stop->threads.count; done++)
			TRY(wait_for(stop, &stop->threads.items[done], limit_ns));
		TRY(seize_new_threads(stop, &added));
	}
	return NULL;
}

struct error *stop_create(pid_t pid, uint64_t limit_ns, struct stop **ret)
{
	_cleanup_(cleanup_stop) struct stop *stop = memory_alloc(sizeof(*stop));

	stop->pid = pid;
	stop->has_namespace = procfs_inner_id(pid) != pid;
	stop_listen();
	stop->began_ns = clock_now();
	priority_raise(&stop->before);
	stop->hurries = true;
	TRY(stop_all(stop, limit_ns));
	*ret = take_pointer(stop);
	return NULL;
}

#ifdef __x86_64__
static struct registers registers_from_user(const struct user_regs_struct *user)
{
	return (struct registers){
		.pc = user->rip,
		.sp = user->rsp,
		.thread_pointer = user->fs_base,
		.general = {user->rax, user->rbx, user->rcx, user->rdx, user->rsi, user->rdi,
			user->rbp, user->r8, user->r9, user->r10, user->r11, user->r12, user->r13,
			user->r14, user->r15},
		.general_count = 15,
	};
}
#endif

bool stop_registers(pid_t tid, struct registers *ret)
{
	struct user_regs_struct user;

	if (FAULT_POINT("getregs", ptrace(PTRACE_GETREGS, tid, NULL, &user)) < 0)
		return false;
	*ret = registers_from_user(&user);
	return true;
}

struct error *stop_threads(const struct stop *stop, struct target *target)
{
	vec_foreach (thread, &stop->threads) {
		struct target_thread stopped = {.tid = thread->inner};

		if (!thread->stopped)
			continue;
		if (!stop_registers(thread->tid, &stopped.registers))
			return error_system("cannot read the registers of thread %d", thread->tid);
		vec_push(&target->threads, stopped);
	}
	if (!target->threads.count)
		return error_create(ERROR_GONE, "pid %d has ended", stop->pid);
	return NULL;
}

void stop_hurry(const struct stop *stop)
{
	if (stop->hurries)
		priority_raise_above_all();
}

uint64_t stop_began_ns(const struct stop *stop)
{
	return stop->began_ns;
}

bool stop_find(const struct stop *stop, stop_visit_fn *visit, void *context)
{
	vec_foreach (thread, &stop->threads) {
		if (thread->stopped && visit(context, thread->tid))
			return true;
	}
	return false;
}

void stop_release(struct stop *stop)
{
	vec_foreach (thread, &stop->threads)
		let_go(thread);
	if (stop->hurries)
		priority_restore(&stop->before);
	stop->hurries = false;
}

void stop_destroy(struct stop *stop)
{
	if (!stop)
		return;
	stop_release(stop);
	/* Threads that did not stop are let go by the kernel when this process ends. */
	vec_deinit(&stop->threads);
	addrmap_deinit(&stop->known);
	free(stop);
}
