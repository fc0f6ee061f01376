/* What /proc/PID says of a process. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "error.h"
#include "target.h"

/* Appends the mappings of /proc/PID/maps (see proc(5)), in address order. */
struct error *procfs_mappings(pid_t pid, struct target *target);

/* Parses one line of it, which is changed. False: it is none. ret->path is malloc()ed. */
bool procfs_parse_mapping(char *line, struct mapping *ret);

/* Keeps /proc/PID/auxv (auxv.h). */
struct error *procfs_auxv(pid_t pid, struct target *target);

/* When the process started, in clock ticks since the boot: field 22 of /proc/PID/stat. 0 when it
 * cannot be told. */
uint64_t procfs_start_ticks(pid_t pid);

/* How long the process has run. 0 when it cannot be told. */
uint64_t procfs_uptime(pid_t pid);

/* Which boot of the machine this is: a text of at most `size` - 1 characters, "" when it cannot be
 * told. */
void procfs_boot_id(char *ret, size_t size);

/* A field of /proc/PID/status such as "Uid" (the first number of it). */
bool procfs_status_number(pid_t pid, const char *field, long *ret);

/* Is a field of /proc/PID/task/TID/status anything but 0 for any thread? Also when that cannot be
 * told. */
bool procfs_any_thread(pid_t pid, const char *field);

/* ERROR_GONE when there is no such process, or only its zombie. */
struct error *procfs_check(pid_t pid);
bool procfs_has_ended(pid_t pid);

/* Is it stopped by a signal (SIGSTOP, a shell's job control) or by a debugger? */
bool procfs_is_stopped(pid_t pid);

/* The number of a process or thread in its own pid namespace, which is what itself and its parent
 * there call it: the last one of "NSpid" (proc(5)). Its number here when that cannot be told. */
pid_t procfs_inner_id(pid_t id);
