#include "cgroup.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "memory.h"

/* Version 1 says "no limit" by the largest number of pages. */
#define NO_LIMIT ((uint64_t)1 << 60)

/* One hierarchy: where it is mounted, and what its files are called. */
struct hierarchy {
	const char *mount;
	const char *file;
};

static const struct hierarchy unified = {"/sys/fs/cgroup", "memory.max"};
static const struct hierarchy memory_controller = {
	"/sys/fs/cgroup/memory", "memory.limit_in_bytes"};

static uint64_t read_limit(const struct hierarchy *hierarchy, pid_t pid, const char *group)
{
	/* As the process itself sees it: in a container, its own group is the topmost. */
	_cleanup_free_ char *path = memory_format(
		"/proc/%d/root%s%s/%s", pid, hierarchy->mount, group, hierarchy->file);
	_cleanup_free_ char *ours =
		memory_format("%s%s/%s", hierarchy->mount, group, hierarchy->file);
	_cleanup_file_ FILE *theirs = fopen(path, "re");
	_cleanup_file_ FILE *file = fopen(ours, "re");
	unsigned long long limit = 0, other = 0;

	if (!file || fscanf(file, "%llu", &limit) != 1) /* "max" is no number */
		limit = 0;
	if (theirs && fscanf(theirs, "%llu", &other) == 1 && (!limit || other < limit))
		limit = other;
	return limit < NO_LIMIT ? limit : 0;
}

/* The group's own limit and those of the groups around it. */
static uint64_t smallest_limit(const struct hierarchy *hierarchy, pid_t pid, char *group)
{
	uint64_t smallest = 0;

	for (;;) {
		uint64_t limit = read_limit(hierarchy, pid, strcmp(group, "/") != 0 ? group : "");
		char *slash = strrchr(group, '/');

		if (limit && (!smallest || limit < smallest))
			smallest = limit;
		if (!slash || !group[1])
			return smallest;
		slash[slash == group] = '\0';
	}
}

static bool has_controller(const char *list, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = list; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (!strncmp(at, name, length) && (!at[length] || at[length] == ','))
			return true;
	}
	return false;
}

/* A line of /proc/PID/cgroup: "HIERARCHY:CONTROLLERS:PATH", see cgroups(7). */
static uint64_t limit_of_line(pid_t pid, char *line)
{
	char *controllers = strchr(line, ':');
	char *group = controllers ? strchr(controllers + 1, ':') : NULL;

	if (!group)
		return 0;
	*controllers++ = *group++ = '\0';
	group[strcspn(group, "\n")] = '\0';
	if (*group != '/' || strstr(group, "/..")) /* outside of what can be seen from here */
		return 0;
	if (!*controllers)
		return smallest_limit(&unified, pid, group);
	return has_controller(controllers, "memory")
		       ? smallest_limit(&memory_controller, pid, group)
		       : 0;
}

uint64_t cgroup_memory_limit(pid_t pid)
{
	_cleanup_free_ char *path = memory_format("/proc/%d/cgroup", pid);
	_cleanup_file_ FILE *file = fopen(path, "re");
	_cleanup_free_ char *line = NULL;
	size_t capacity = 0;
	uint64_t smallest = 0;

	while (file && getline(&line, &capacity, file) > 0) {
		uint64_t limit = limit_of_line(pid, line);

		if (limit && (!smallest || limit < smallest))
			smallest = limit;
	}
	return smallest;
}
