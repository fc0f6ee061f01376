/* The control group of a process: how much memory it may have. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* The smallest limit of the process's control group and the groups around it: memory.max (cgroups
 * version 2), memory.limit_in_bytes (version 1). Bytes; 0: none, or it cannot be told from here.
 * Source: Linux, Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst. */
uint64_t cgroup_memory_limit(pid_t pid);
