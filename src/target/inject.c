#include "inject.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "cgroup.h"
#include "clock.h"
#include "fault_point.h"
#include "memory.h"
#include "procfs.h"
#include "stop.h"

enum {
	SYSCALL_LENGTH = 2,    /* bytes of the instruction */
	CALL_LIMIT_MS = 1000,  /* a call that we inject returns at once */
	FORK_LIMIT_MS = 10000, /* but to copy the page tables of a large process takes time */
	SYSCALL_STOP = SIGTRAP | 0x80, /* PTRACE_O_TRACESYSGOOD */
};

struct injection {
	pid_t tid;
	addr_t pc;                         /* behind the instruction */
	bool seized;                       /* here, to be let go */
	struct user_regs_struct registers; /* as it waits */
};

static bool is_site(const struct idle_sites *sites, addr_t pc, long number)
{
	for (unsigned i = 0; i < sites->count; i++) {
		if (sites->list[i].pc == pc && sites->list[i].number == number)
			return true;
	}
	return false;
}

struct injection *injection_at(pid_t tid, const struct idle_sites *sites)
{
	struct user_regs_struct registers;

	if (FAULT_POINT("getregs", ptrace(PTRACE_GETREGS, tid, NULL, &registers)) < 0)
		return NULL;
	/* It was interrupted in the call: the kernel has put a restart code into rax. */
	if ((int64_t)registers.rax >= 0 || !is_site(sites, registers.rip, (long)registers.orig_rax))
		return NULL;
	struct injection *injection = memory_alloc(sizeof(*injection));
	*injection = (struct injection){.tid = tid, .pc = registers.rip, .registers = registers};
	return injection;
}

/* Where a thread waits, without stopping it: /proc/PID/task/TID/syscall. */
static bool waits_at_site(pid_t pid, pid_t tid, const struct idle_sites *sites)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", pid, tid);
	FILE *file = fopen(path, "re");
	if (!file)
		return false;
	bool read = fgets(text, sizeof(text), file) != NULL;
	fclose(file);
	const char *pc = read ? strrchr(text, ' ') : NULL;
	return pc && is_site(sites, strtoull(pc + 1, NULL, 16), strtol(text, NULL, 10));
}

static struct error *try_thread(
	pid_t pid, pid_t tid, const struct idle_sites *sites, struct injection **ret)
{
	bool stopped = false;

	if (!waits_at_site(pid, tid, sites) ||
		FAULT_POINT("seize", ptrace(PTRACE_SEIZE, tid, NULL, NULL)) < 0)
		return NULL;
	FAULT_POINT("interrupt", ptrace(PTRACE_INTERRUPT, tid, NULL, NULL));
	TRY(stop_wait(pid, tid, clock_now() + CALL_LIMIT_MS * NS_PER_MS, &stopped));
	struct injection *injection = stopped ? injection_at(tid, sites) : NULL;
	if (injection)
		injection->seized = true;
	else if (stopped)
		FAULT_POINT("detach", ptrace(PTRACE_DETACH, tid, NULL, NULL));
	*ret = injection;
	return NULL;
}

struct error *injection_seize(pid_t pid, const struct idle_sites *sites, struct injection **ret)
{
	char path[64];
	struct injection *found = NULL;
	struct error *error = NULL;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	DIR *tasks = opendir(path);
	if (!tasks)
		return error_create(ERROR_GONE, "pid %d has ended", pid);
	stop_listen();
	for (struct dirent *entry; !error && !found && (entry = readdir(tasks));) {
		pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (tid > 0)
			error = try_thread(pid, tid, sites, &found);
	}
	closedir(tasks);
	if (!error)
		*ret = found;
	return error;
}

static struct error *gone(const struct injection *injection)
{
	return error_create(ERROR_GONE, "thread %d of the target has ended", injection->tid);
}

/* Lets the thread go on until it enters or leaves a system call, or has forked; signals are let
 * through. */
static struct error *run_to_syscall(
	const struct injection *injection, uint64_t limit, bool *ret_forked)
{
	int signal_number = 0, status;

	for (;;) {
		if (FAULT_POINT("ptrace_syscall", ptrace(PTRACE_SYSCALL, injection->tid, NULL,
							  (void *)(intptr_t)signal_number)) < 0)
			return gone(injection);
		pid_t got;
		while ((got = stop_poll(injection->tid, &status)) == 0) {
			if (clock_now() > limit)
				return error_create(ERROR_SYSTEM,
					"a call injected into thread %d does not return",
					injection->tid);
			stop_sleep(limit);
		}
		if (got < 0 || !WIFSTOPPED(status))
			return gone(injection);
		*ret_forked = status >> 16 == PTRACE_EVENT_CLONE;
		if (WSTOPSIG(status) == SYSCALL_STOP || *ret_forked)
			return NULL;
		signal_number = status >> 16 ? 0 : WSTOPSIG(status);
	}
}

/* Is the thread at the instruction that we made it repeat? A signal's handler may make calls
 * before. */
static bool is_at_call(
	const struct injection *injection, long number, struct user_regs_struct *registers)
{
	return FAULT_POINT("getregs", ptrace(PTRACE_GETREGS, injection->tid, NULL, registers)) ==
		       0 &&
	       registers->rip == injection->pc && (long)registers->orig_rax == number;
}

static struct error *set_call(
	struct injection *injection, long number, const uint64_t arguments[INJECTION_ARGUMENTS])
{
	struct user_regs_struct registers = injection->registers;

	registers.rip = injection->pc - SYSCALL_LENGTH;
	registers.rax = (uint64_t)number;
	registers.orig_rax = UINT64_MAX; /* nothing to restart */
	registers.rdi = arguments[0];
	registers.rsi = arguments[1];
	registers.rdx = arguments[2];
	registers.r10 = arguments[3];
	registers.r8 = registers.r9 = 0;
	if (FAULT_POINT("setregs", ptrace(PTRACE_SETREGS, injection->tid, NULL, &registers)) < 0)
		return gone(injection);
	return NULL;
}

/* Up to the entry of the call; handlers of signals may run before. */
static struct error *run_to_call(const struct injection *injection, long number, uint64_t limit)
{
	struct user_regs_struct registers;
	bool forked;

	do {
		TRY(run_to_syscall(injection, limit, &forked));
	} while (!is_at_call(injection, number, &registers));
	return NULL;
}

/* A thread that cannot run, as its control group is frozen, has not made the call: it shall wait as
 * if it had never been asked to. */
static struct error *take_back(const struct injection *injection, long number, struct error *error)
{
	struct user_regs_struct registers;
	bool stopped = false;

	if (error->code != ERROR_SYSTEM)
		return error;
	FAULT_POINT("interrupt", ptrace(PTRACE_INTERRUPT, injection->tid, NULL, NULL));
	error_destroy(stop_wait(
		injection->tid, injection->tid, clock_now() + CALL_LIMIT_MS * NS_PER_MS, &stopped));
	if (!stopped ||
		FAULT_POINT("getregs", ptrace(PTRACE_GETREGS, injection->tid, NULL, &registers)) <
			0 ||
		registers.rip != injection->pc - SYSCALL_LENGTH || (long)registers.rax != number ||
		FAULT_POINT("setregs",
			ptrace(PTRACE_SETREGS, injection->tid, NULL, &injection->registers)) < 0)
		return error;
	error_destroy(error);
	return error_create(ERROR_BUSY,
		"thread %d of the target does not run: is its control group frozen? Try --capture=stop",
		injection->tid);
}

/* The kernel gives clone up while a signal is pending, and repeats it after the signal
 * (kernel/fork.c, copy_process: ERESTARTNOINTR, which programs never see). */
static bool is_repeated(const struct user_regs_struct *registers)
{
	enum { ERESTARTSYS = 512, ERESTARTNOINTR, ERESTARTNOHAND };
	int64_t result = (int64_t)registers->rax;

	return result <= -ERESTARTSYS && result >= -ERESTARTNOHAND;
}

/* Makes the call; ends where it returns, or has forked. */
static struct error *make_call(struct injection *injection, long number,
	const uint64_t arguments[INJECTION_ARGUMENTS], uintptr_t options, uint64_t limit,
	int64_t *ret_result, bool *ret_forked)
{
	struct user_regs_struct registers;

	if (FAULT_POINT("setoptions",
		    ptrace(PTRACE_SETOPTIONS, injection->tid, NULL, (void *)options)) < 0)
		return gone(injection);
	TRY(set_call(injection, number, arguments));
	do {
		struct error *error =
			run_to_call(injection, number, clock_now() + CALL_LIMIT_MS * NS_PER_MS);
		if (error)
			return take_back(injection, number, error);
		TRY(run_to_syscall(injection, limit, ret_forked));
		if (FAULT_POINT("getregs",
			    ptrace(PTRACE_GETREGS, injection->tid, NULL, &registers)) < 0)
			return gone(injection);
	} while (!*ret_forked && is_repeated(&registers));
	*ret_result = (int64_t)registers.rax;
	return NULL;
}

struct error *injection_call(struct injection *injection, long number,
	const uint64_t arguments[INJECTION_ARGUMENTS], int64_t *ret)
{
	uint64_t limit = clock_now() + CALL_LIMIT_MS * NS_PER_MS;
	bool forked;

	return make_call(injection, number, arguments, PTRACE_O_TRACESYSGOOD, limit, ret, &forked);
}

/* Limits and short memory (fork(2)) are of this moment. */
static struct error *fork_refusal(int64_t result)
{
	if (result == -EAGAIN)
		return error_create(ERROR_BUSY,
			"the target may not fork: a limit of processes is reached (RLIMIT_NPROC of its user, pids.max of its control group): raise it, or --capture=precopy or stop");
	return error_create(result == -ENOMEM ? ERROR_BUSY : ERROR_SYSTEM,
		"the target may not fork (%s): try --capture=precopy or stop",
		strerror((int)-result));
}

struct error *injection_fork(struct injection *injection, uint64_t flags, addr_t stack, pid_t *ret)
{
	const uint64_t arguments[INJECTION_ARGUMENTS] = {flags, stack};
	uint64_t limit = clock_now() + FORK_LIMIT_MS * NS_PER_MS;
	unsigned long child = 0;
	int64_t result;
	bool forked;

	TRY(make_call(injection, SYS_clone, arguments, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE,
		limit, &result, &forked));
	if (!forked)
		return fork_refusal(result);
	if (FAULT_POINT("geteventmsg", ptrace(PTRACE_GETEVENTMSG, injection->tid, NULL, &child)) <
		0)
		return gone(injection);
	*ret = (pid_t)child;
	return NULL;
}

void injection_destroy(struct injection *injection)
{
	if (!injection)
		return;
	int signal_number = stop_signal(injection->tid); /* when something went wrong */
	if (injection->seized || signal_number)
		FAULT_POINT("detach", ptrace(PTRACE_DETACH, injection->tid, NULL,
					      (void *)(intptr_t)signal_number));
	else
		FAULT_POINT("setoptions", ptrace(PTRACE_SETOPTIONS, injection->tid, NULL, NULL));
	free(injection);
}

const char *injection_refusal(pid_t pid, const struct idle_sites *sites)
{
	struct cgroup_room room;

	cgroup_room("", pid, &room);
	if (room.frozen)
		return "its control group is frozen (docker pause does that)";
	if (!sites->count)
		return "its code has no place where a call could be injected safely";
	if (procfs_any_thread(pid, "Seccomp"))
		return "a seccomp filter watches its system calls";
	return NULL;
}
