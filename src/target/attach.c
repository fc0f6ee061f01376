#include "attach.h"

#include <errno.h>
#include <sys/ptrace.h>

#include "fault_point.h"
#include "procfs.h"

struct error *attach_rival(pid_t pid)
{
	long tracer = 0;

	if (!procfs_status_number(pid, "TracerPid", &tracer) || !tracer || tracer == getpid())
		return NULL;
	return error_create(ERROR_PERMISSION,
		"pid %d is already being traced by pid %ld: end that debugger first", pid, tracer);
}

struct error *attach_refusal(pid_t pid)
{
	long uid = -1;

	if (errno == ESRCH)
		return error_create(ERROR_GONE, "pid %d has ended", pid);
	if (errno != EPERM && errno != EACCES)
		return error_system("cannot attach to pid %d", pid);
	TRY(attach_rival(pid));
	procfs_status_number(pid, "Uid", &uid);
	return error_create(ERROR_PERMISSION,
		"not allowed to attach to pid %d of user id %ld: run silt as root or with CAP_SYS_PTRACE "
		"(as the same user it is enough when kernel.yama.ptrace_scope is 0)",
		pid, uid);
}

/* A thread that is ending is still listed, and refused with EPERM (kernel/ptrace.c, ptrace_attach:
 * exit_state). */
static bool has_ended(pid_t tid)
{
	int problem = errno;
	bool ended = problem == ESRCH || procfs_has_ended(tid);

	errno = problem;
	return ended;
}

struct error *attach_thread(pid_t pid, pid_t tid, bool *ret_attached)
{
	*ret_attached = FAULT_POINT("seize", ptrace(PTRACE_SEIZE, tid, NULL, NULL)) == 0;
	return *ret_attached || has_ended(tid) ? NULL : attach_refusal(pid);
}
