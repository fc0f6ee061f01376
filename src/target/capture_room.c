#include "capture_room.h"

#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "procfs.h"

enum {
	STRICT_OVERCOMMIT = 2,  /* vm.overcommit_memory: promises are counted (proc(5)) */
	PAGE_TABLE_SHARE = 512, /* bytes mapped for each byte of the lowest page tables */
	/* The target may write to a quarter of its memory while a copy of it lives. An estimate:
	 * the collector writes marks, not objects, and new objects go where free ones were. */
	WRITTEN_SHARE = 4,
	BUFFER_SHARE = 2, /* of what is free, for a buffer of ours: a file takes far longer */
};

#define MB 1000000.0

/* Of /proc/meminfo, in bytes; UINT64_MAX: it is not there. */
static uint64_t meminfo(const char *root, const char *field)
{
	_cleanup_free_ char *path = memory_format("%s/proc/meminfo", root);
	_cleanup_file_ FILE *file = fopen(path, "re");
	size_t length = strlen(field);
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, field, length) && line[length] == ':')
			return strtoull(line + length + 1, NULL, 10) << 10;
	}
	return UINT64_MAX;
}

static uint64_t commit_left(const char *root)
{
	_cleanup_free_ char *path = memory_format("%s/proc/sys/vm/overcommit_memory", root);
	_cleanup_file_ FILE *file = fopen(path, "re");
	uint64_t limit = meminfo(root, "CommitLimit"), used = meminfo(root, "Committed_AS");
	int mode;

	if (!file || fscanf(file, "%d", &mode) != 1 || mode != STRICT_OVERCOMMIT)
		return UINT64_MAX;
	return limit > used ? limit - used : 0;
}

void capture_room(const char *root, pid_t pid, struct capture_room *ret)
{
	cgroup_room(root, pid, &ret->group);
	ret->machine = meminfo(root, "MemAvailable");
	ret->commit = commit_left(root);
}

uint64_t capture_buffer_room(void)
{
	struct capture_room room;

	capture_room("", getpid(), &room);
	return MIN(room.machine, room.group.memory) / BUFFER_SHARE;
}

/* Private memory that may be written to: what a copy is promised. */
static uint64_t writable_bytes(const struct target *target)
{
	uint64_t bytes = 0;

	vec_foreach (mapping, &target->mappings) {
		if (mapping->protection & PROTECTION_WRITE && !mapping->shared)
			bytes += mapping->end - mapping->start;
	}
	return bytes;
}

static uint64_t status_bytes(const struct target *target, const char *field)
{
	long kilobytes = 0;

	return procfs_status_number(target->pid, field, &kilobytes) ? (uint64_t)kilobytes << 10 : 0;
}

/* Does it fit into the control group and the machine? */
static char *memory_refusal(const struct capture_room *room, uint64_t needed, const char *instead)
{
	uint64_t least = MIN(room->group.memory, room->machine);
	bool of_group = room->group.memory < room->machine;

	if (needed <= least)
		return NULL;
	return memory_format("it may need %.1f MB of memory, and %s has %.1f MB left: %s%s",
		(double)needed / MB, of_group ? "the control group of the process" : "the machine",
		(double)least / MB,
		of_group ? "raise its limit (memory.max, of a pod limits.memory), or " : "",
		instead);
}

char *fork_room_refusal(const struct target *target, const struct capture_room *room)
{
	uint64_t needed =
		status_bytes(target, "VmPTE") + status_bytes(target, "RssAnon") / WRITTEN_SHARE;
	uint64_t promised = writable_bytes(target);

	if (!room->group.tasks)
		return memory_string(
			"its control group may have no more tasks (raise pids.max, of a pod podPidsLimit)");
	if (promised > room->commit)
		return memory_format(
			"vm.overcommit_memory is 2 and %.1f MB may still be promised, where a copy needs %.1f MB (raise vm.overcommit_ratio)",
			(double)room->commit / MB, (double)promised / MB);
	return memory_refusal(room, needed, "--capture=precopy or stop");
}

char *precopy_room_refusal(const struct target *target, const struct capture_room *room)
{
	uint64_t tables = writable_bytes(target) / PAGE_TABLE_SHARE, there;

	there = status_bytes(target, "VmPTE");
	return memory_refusal(room, tables > there ? tables - there : 0, "--capture=stop");
}

/* A file system in memory without a size of its own says that it has no blocks. */
char *spool_room_refusal(int fd, uint64_t bytes)
{
	struct statfs files;

	if (fstatfs(fd, &files) < 0)
		return NULL;
	bool in_memory = files.f_type == TMPFS_MAGIC;
	uint64_t room = in_memory && !files.f_blocks
				? UINT64_MAX
				: (uint64_t)files.f_bavail * (uint64_t)files.f_bsize;
	if (in_memory)
		room = MIN(room, capture_buffer_room());
	if (bytes <= room)
		return NULL;
	return memory_format(
		"the capture needs about %.1f MB, and where it is kept, %s, there is room for %.1f MB: let TMPDIR or --output name a directory on a disk with more",
		(double)bytes / MB, in_memory ? "in memory" : "on this disk", (double)room / MB);
}
