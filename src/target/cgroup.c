#include "cgroup.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

enum { DEEPEST = 64 /* groups above each other that are looked at */ };

/* A limit of version 1 that is none is the largest number of whole pages. */
#define LARGEST_LIMIT ((uint64_t)1 << 62)

/* The names of the same things in the two versions. "": there is none. */
struct names {
	const char *type; /* of the file system */
	const char *limit, *throttle, *used;
	const char *reclaimable; /* in memory.stat */
};

static const struct names versions[] = {
	{"cgroup", "memory.limit_in_bytes", "", "memory.usage_in_bytes", "total_inactive_file"},
	{"cgroup2", "memory.max", "memory.high", "memory.current", "inactive_file"},
};

/* One mount of a hierarchy, as a process sees it. */
struct mount {
	char root[1024]; /* the group that is mounted */
	char point[1024];
	char type[32];
	char options[256];
};

/* A file of another process's mounts may be anything, also a pipe. */
static FILE *open_file(const char *directory, const char *name)
{
	_cleanup_free_ char *path = memory_format("%s/%s", directory, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);

	return fd < 0 ? NULL : fdopen(fd, "r");
}

/* A number in a file; "max", or no such file: no limit. */
static uint64_t read_number(const char *directory, const char *name)
{
	_cleanup_file_ FILE *file = *name ? open_file(directory, name) : NULL;
	uint64_t number;

	return file && fscanf(file, "%" SCNu64, &number) == 1 && number < LARGEST_LIMIT
		       ? number
		       : CGROUP_NO_LIMIT;
}

/* In a file with a name and a number in each line; 0: it is not there. */
static uint64_t read_field(const char *directory, const char *file_name, const char *field)
{
	_cleanup_file_ FILE *file = open_file(directory, file_name);
	char name[64];
	uint64_t number;

	while (file && fscanf(file, "%63s %" SCNu64, name, &number) == 2) {
		if (!strcmp(name, field))
			return number;
	}
	return 0;
}

static uint64_t left(uint64_t limit, uint64_t used)
{
	if (limit == CGROUP_NO_LIMIT || used == CGROUP_NO_LIMIT)
		return CGROUP_NO_LIMIT;
	return limit > used ? limit - used : 0;
}

static void narrow(const char *directory, const struct names *names, struct cgroup_room *room)
{
	uint64_t killed_at = read_number(directory, names->limit);
	uint64_t limit = MIN(killed_at, read_number(directory, names->throttle));
	uint64_t used = read_number(directory, names->used);
	uint64_t tasks =
		left(read_number(directory, "pids.max"), read_number(directory, "pids.current"));

	if (used != CGROUP_NO_LIMIT && limit != CGROUP_NO_LIMIT)
		used -= MIN(used, read_field(directory, "memory.stat", names->reclaimable));
	room->memory = MIN(room->memory, left(limit, used));
	room->tasks = MIN(room->tasks, tasks);
	room->memory_limit = MIN(room->memory_limit, killed_at);
	room->frozen = room->frozen || read_field(directory, "cgroup.events", "frozen");
}

/* proc(5), /proc/PID/mountinfo: optional fields end with a hyphen. */
static bool parse_mount(const char *line, struct mount *ret)
{
	const char *rest = strstr(line, " - ");

	return rest && sscanf(line, "%*s %*s %*s %1023s %1023s", ret->root, ret->point) == 2 &&
	       sscanf(rest, " - %31s %*s %255s", ret->type, ret->options) == 2;
}

/* Is a word in a list with commas? An empty one always. */
static bool lists(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = list; length && (at = strstr(at, word)); at += length) {
		if ((at == list || at[-1] == ',') && (at[length] == ',' || !at[length]))
			return true;
	}
	return !length;
}

/* The part of a group's path below the group that is mounted; NULL: it is not below it. */
static const char *below(const char *path, const char *mounted)
{
	size_t length = strcmp(mounted, "/") ? strlen(mounted) : 0;

	if (strncmp(path, mounted, length) || (path[length] && path[length] != '/') ||
		strstr(path, "/.."))
		return NULL;
	return path + length;
}

/* The group and all above it, up to the one that is mounted. */
static void narrow_upwards(
	const char *point, const char *group, const struct names *names, struct cgroup_room *room)
{
	_cleanup_free_ char *directory = memory_format("%s%s", point, group);

	for (unsigned i = 0; i < DEEPEST && strlen(directory) >= strlen(point); i++) {
		char *last = strrchr(directory, '/');

		narrow(directory, names, room);
		if (!last)
			break;
		*last = '\0';
	}
}

/* A group through the mounts that a process has. `inside` leads to its files. */
static void narrow_by_mounts(const char *mounts, const char *inside, const char *controllers,
	const char *group, struct cgroup_room *room)
{
	_cleanup_file_ FILE *file = fopen(mounts, "re");
	const struct names *names = &versions[!*controllers];
	struct mount mount;
	char line[4096];

	while (file && fgets(line, sizeof(line), file)) {
		const char *rest = parse_mount(line, &mount) && !strcmp(mount.type, names->type) &&
						   lists(mount.options, controllers)
					   ? below(group, mount.root)
					   : NULL;
		if (!rest)
			continue;
		_cleanup_free_ char *point = memory_format("%s%s", inside, mount.point);
		narrow_upwards(point, rest, names, room);
	}
}

/* A line is "NUMBER:CONTROLLERS:GROUP"; version 2 has no controllers in it. */
static void narrow_by_line(const char *root, pid_t pid, char *line, struct cgroup_room *room)
{
	_cleanup_free_ char *own = memory_format("%s/proc/self/mountinfo", root);
	_cleanup_free_ char *its = memory_format("%s/proc/%d/mountinfo", root, pid);
	_cleanup_free_ char *inside = memory_format("%s/proc/%d/root", root, pid);
	char *controllers = strchr(line, ':');
	char *group = controllers ? strchr(controllers + 1, ':') : NULL;

	if (!group)
		return;
	*group++ = '\0';
	controllers++;
	group[strcspn(group, "\n")] = '\0';
	if (*controllers && !lists(controllers, "memory") && !lists(controllers, "pids"))
		return;
	narrow_by_mounts(its, inside, controllers, group, room);
	narrow_by_mounts(own, root, controllers, group, room);
}

void cgroup_room(const char *root, pid_t pid, struct cgroup_room *ret)
{
	_cleanup_free_ char *path = memory_format("%s/proc/%d/cgroup", root, pid);
	_cleanup_file_ FILE *file = fopen(path, "re");
	_cleanup_free_ char *line = NULL;
	size_t capacity = 0;

	*ret = (struct cgroup_room){
		.memory = CGROUP_NO_LIMIT,
		.tasks = CGROUP_NO_LIMIT,
		.memory_limit = CGROUP_NO_LIMIT,
	};
	while (file && getline(&line, &capacity, file) > 0)
		narrow_by_line(root, pid, line, ret);
}
