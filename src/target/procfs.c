#include "procfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "auxv.h"
#include "bytes.h"

static FILE *open_file(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return fopen(path, "re");
}

static uint8_t parse_protection(const char *letters)
{
	return (uint8_t)((letters[0] == 'r' ? PROTECTION_READ : 0) |
			 (letters[1] == 'w' ? PROTECTION_WRITE : 0) |
			 (letters[2] == 'x' ? PROTECTION_EXECUTE : 0));
}

bool procfs_parse_mapping(char *line, struct mapping *ret)
{
	struct mapping mapping = {0};
	char protection[5] = "";
	int path_at = 0;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %*s %*u %n", &mapping.start,
		    &mapping.end, protection, &mapping.offset, &path_at) < 4 ||
		mapping.start >= mapping.end)
		return false;
	mapping.protection = parse_protection(protection);
	mapping.shared = protection[3] == 's';
	mapping.path = memory_string(path_at ? line + path_at : "");
	*ret = mapping;
	return true;
}

struct error *procfs_mappings(pid_t pid, struct target *target)
{
	_cleanup_file_ FILE *file = open_file(pid, "maps");
	_cleanup_free_ char *line = NULL;
	size_t capacity = 0;

	if (!file)
		return error_system("cannot read the mappings of pid %d", pid);
	while (getline(&line, &capacity, file) > 0) {
		struct mapping mapping;

		if (procfs_parse_mapping(line, &mapping))
			vec_push(&target->mappings, mapping);
	}
	if (!target->mappings.count)
		return error_create(ERROR_GONE,
			"pid %d has no memory: it has ended or is a kernel thread", pid);
	return NULL;
}

struct error *procfs_auxv(pid_t pid, struct target *target)
{
	_cleanup_file_ FILE *file = open_file(pid, "auxv");
	uint8_t bytes[AUXV_MAX_BYTES];

	if (!file)
		return error_system("cannot read the auxiliary vector of pid %d", pid);
	auxv_keep(target, bytes, fread(bytes, 1, sizeof(bytes), file));
	return NULL;
}

uint64_t procfs_start_ticks(pid_t pid)
{
	_cleanup_file_ FILE *file = open_file(pid, "stat");
	char line[1024];
	unsigned long long start = 0;

	if (!file || !fgets(line, sizeof(line), file))
		return 0;
	const char *after_name = strrchr(line, ')'); /* field 3 follows it */

	if (!after_name ||
		sscanf(after_name + 1,
			" %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s"
			" %*s %llu",
			&start) != 1)
		return 0;
	return start;
}

uint64_t procfs_uptime(pid_t pid)
{
	uint64_t start = procfs_start_ticks(pid);
	struct timespec now;

	if (!start)
		return 0;
	clock_gettime(CLOCK_BOOTTIME, &now);
	uint64_t now_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	uint64_t start_ns = start * (1000000000u / (uint64_t)sysconf(_SC_CLK_TCK));

	return now_ns > start_ns ? now_ns - start_ns : 0;
}

void procfs_boot_id(char *ret, size_t size)
{
	_cleanup_file_ FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

	if (!file || !fgets(ret, (int)size, file))
		ret[0] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
}

static bool number_in(FILE *file, const char *field, long *ret)
{
	size_t length = strlen(field);
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, field, length) && line[length] == ':') {
			*ret = strtol(line + length + 1, NULL, 10);
			return true;
		}
	}
	return false;
}

bool procfs_status_number(pid_t pid, const char *field, long *ret)
{
	_cleanup_file_ FILE *file = open_file(pid, "status");

	return number_in(file, field, ret);
}

static bool thread_has(pid_t pid, const char *tid, const char *field)
{
	_cleanup_free_ char *name = memory_format("task/%s/status", tid);
	_cleanup_file_ FILE *file = open_file(pid, name);
	long number;

	if (!file)
		return false; /* that thread has just ended */
	return !number_in(file, field, &number) || number;
}

bool procfs_any_thread(pid_t pid, const char *field)
{
	_cleanup_free_ char *path = memory_format("/proc/%d/task", pid);
	DIR *tasks = opendir(path);
	bool found = !tasks;

	for (struct dirent *entry; !found && (entry = readdir(tasks));)
		found = entry->d_name[0] != '.' && thread_has(pid, entry->d_name, field);
	if (tasks)
		closedir(tasks);
	return found;
}

/* The letter of "State:" in /proc/PID/status, see proc(5). */
static bool read_state(pid_t pid, char *ret)
{
	_cleanup_file_ FILE *file = open_file(pid, "status");
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "State:\t%c", ret) == 1)
			return true;
	}
	return false;
}

struct error *procfs_check(pid_t pid)
{
	char state;

	errno = 0;
	bool there = read_state(pid, &state);
	if (!there && errno && errno != ENOENT && errno != ESRCH)
		return error_system("cannot look at pid %d", pid);
	if (!there)
		return error_create(ERROR_GONE, "there is no process with pid %d", pid);
	return state == 'Z' || state == 'X' ? error_create(ERROR_GONE, "pid %d has ended", pid)
					    : NULL;
}

bool procfs_has_ended(pid_t pid)
{
	struct error *error = procfs_check(pid);
	bool ended = error && error->code == ERROR_GONE;

	error_destroy(error);
	return ended;
}

bool procfs_is_stopped(pid_t pid)
{
	char state;

	return read_state(pid, &state) && (state == 'T' || state == 't');
}

pid_t procfs_inner_id(pid_t id)
{
	_cleanup_file_ FILE *file = open_file(id, "status");
	char line[256];
	pid_t inner = id;

	while (file && fgets(line, sizeof(line), file)) {
		char *last = strncmp(line, "NSpid:", strlen("NSpid:")) ? NULL : strrchr(line, '\t');

		if (last)
			inner = (pid_t)strtol(last + 1, NULL, 10);
	}
	return inner;
}
