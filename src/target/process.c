#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "attach.h"
#include "block_cache.h"
#include "cgroup.h"
#include "procfs.h"

static struct error *open_executable(struct target *target)
{
	char link[64], path[PATH_MAX];

	snprintf(link, sizeof(link), "/proc/%d/exe", target->pid);
	ssize_t length = readlink(link, path, sizeof(path) - 1);
	if (length < 0 && errno == ENOENT)
		return error_create(
			ERROR_NOT_GO, "pid %d is a kernel thread, not a program", target->pid);
	if (length < 0 && errno == EACCES) {
		long uid = -1;

		procfs_status_number(target->pid, "Uid", &uid);
		return error_create(ERROR_PERMISSION,
			"not allowed to look at pid %d of user id %ld: run silt as that user, as root or with CAP_SYS_PTRACE",
			target->pid, uid);
	}
	if (length < 0)
		return error_system("cannot find the executable of pid %d", target->pid);
	path[length] = '\0';
	char *deleted = strstr(path, " (deleted)");
	if (deleted && !deleted[strlen(" (deleted)")])
		*deleted = '\0';
	/* Through /proc, so that it works across mount namespaces and after the file was replaced.
	 */
	target->exe_fd = open(link, O_RDONLY | O_CLOEXEC);
	if (target->exe_fd < 0)
		return error_system("cannot open the executable of pid %d", target->pid);
	target->exe_path = memory_string(path);
	const char *slash = strrchr(path, '/');
	free(target->name);
	target->name = memory_string(slash ? slash + 1 : path);
	return NULL;
}

/* /proc has directories of threads too, though it does not list them, and most of what is asked of
 * a process the kernel answers for a thread as well, but not all (pidfd_open(2)). */
static struct error *check_process(pid_t pid)
{
	long process = pid;

	TRY(procfs_check(pid));
	procfs_status_number(pid, "Tgid", &process);
	if (process == pid)
		return NULL;
	return error_create(ERROR_USAGE,
		"%d is the id of a thread: give that of its process, which is %ld", pid, process);
}

/* To look at files of a process may be allowed where to read its memory is not
 * (kernel.yama.ptrace_scope). */
static struct error *check_readable(const struct target *target)
{
	const struct memory_source source = {.pid = target->pid, .mem = -1};
	uint8_t byte;

	vec_foreach (mapping, &target->mappings) {
		if (!(mapping->protection & PROTECTION_READ))
			continue;
		errno = 0;
		return memory_source_read(&source, mapping->start, &byte, 1) || errno != EPERM
			       ? NULL
			       : attach_refusal(target->pid);
	}
	return NULL;
}

struct error *process_open(pid_t pid, struct target **ret)
{
	_cleanup_(cleanup_target) struct target *target = target_create(TARGET_PROCESS);

	target->pid = pid;
	TRY(check_process(pid));
	TRY(open_executable(target));
	TRY(procfs_auxv(pid, target));
	TRY(process_refresh(target));
	TRY(check_readable(target));
	*ret = take_pointer(target);
	return NULL;
}

void process_note_facts(struct target *target)
{
	struct capture_facts *facts = &target->capture;
	struct cgroup_room room;

	cgroup_room("", target->pid, &room);
	facts->uptime_ns = procfs_uptime(target->pid);
	facts->start_ticks = procfs_start_ticks(target->pid);
	procfs_boot_id(facts->boot_id, sizeof(facts->boot_id));
	facts->memory_limit_bytes = room.memory_limit == CGROUP_NO_LIMIT ? 0 : room.memory_limit;
}

struct error *process_refresh(struct target *target)
{
	const struct memory_source source = {.pid = target->pid, .mem = -1};

	return process_read_from(target, &source);
}

struct error *process_read_from(struct target *target, const struct memory_source *source)
{
	vec_foreach (mapping, &target->mappings)
		free(mapping->path);
	target->mappings.count = 0;
	target->memory_pid = source->pid;
	if (target->cache)
		block_cache_restart(target->cache, source);
	else
		target->cache = block_cache_create(source);
	return procfs_mappings(source->pid, target);
}
