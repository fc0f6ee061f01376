/* What the control groups of a process leave it (cgroups(7), versions 1 and 2): memory, tasks, and
 * whether it runs.
 *
 * Counted are its groups and all above them whose files can be seen: through the mounts of the
 * process itself, as a container sees its own, and through ours.
 *
 * Sources: Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/memory.rst and pids.rst.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define CGROUP_NO_LIMIT UINT64_MAX

struct cgroup_room {
	uint64_t memory; /* bytes; files in memory that were not used lately can be given back */
	uint64_t tasks;
	uint64_t memory_limit; /* bytes that a group may have in all; beyond it processes are killed
				*/
	bool frozen; /* by the freezer of version 2, where a debugger can look at it still */
};

/* `root` is the directory where proc and the mounts are: "" but in tests. What cannot be read sets
 * no limit. */
void cgroup_room(const char *root, pid_t pid, struct cgroup_room *ret);
