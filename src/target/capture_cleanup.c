#include "capture_cleanup.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "memory.h"
#include "procfs.h"
#include "vec.h"

enum {
	MAX_TRIES = 500, /* to find a thread that is free: a busy target has one seldom */
	TRY_AGAIN_MS = 5,
	STATE_FIELD = 3, /* proc(5), /proc/PID/stat */
	EXIT_SIGNAL_FIELD = 38,
};

struct children {
	VEC(pid_t) list;
};

struct descriptors {
	VEC(int) list;
};

static void wait_a_little(void)
{
	nanosleep(&(struct timespec){.tv_nsec = TRY_AGAIN_MS * (long)NS_PER_MS}, NULL);
}

/* A field from the third on; the second is a name that may hold anything. */
static bool stat_field(pid_t pid, unsigned field, char *ret, size_t size)
{
	char path[64], line[1024];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	FILE *file = fopen(path, "re");
	if (!file)
		return false;
	bool read = fgets(line, sizeof(line), file) != NULL;
	fclose(file);
	char *at = read ? strrchr(line, ')') : NULL;
	for (unsigned i = STATE_FIELD - 1; at && i < field; i++)
		at = strchr(at + 1, ' ');
	if (!at)
		return false;
	snprintf(ret, size, "%.*s", (int)strcspn(at + 1, " \n"), at + 1);
	return true;
}

/* A zombie without an exit signal: Go's own children send SIGCHLD. */
static bool is_left_over(pid_t pid)
{
	char state[32], exit_signal[32];

	return stat_field(pid, STATE_FIELD, state, sizeof(state)) && !strcmp(state, "Z") &&
	       stat_field(pid, EXIT_SIGNAL_FIELD, exit_signal, sizeof(exit_signal)) &&
	       !strcmp(exit_signal, "0");
}

static void add_children(pid_t pid, pid_t tid, struct children *children)
{
	char path[80];
	int child;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, tid);
	FILE *file = fopen(path, "re");
	if (!file)
		return;
	while (fscanf(file, "%d", &child) == 1) {
		if (is_left_over(child))
			vec_push(&children->list, child);
	}
	fclose(file);
}

static void find_left_over(pid_t pid, struct children *children)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	DIR *tasks = opendir(path);
	if (!tasks)
		return;
	for (struct dirent *entry; (entry = readdir(tasks));) {
		pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (tid > 0)
			add_children(pid, tid, children);
	}
	closedir(tasks);
}

/* As soon as a thread of the target is free. */
static struct error *seize_soon(pid_t pid, const struct idle_sites *sites, struct injection **ret)
{
	*ret = NULL;
	for (unsigned i = 0; i < MAX_TRIES; i++) {
		TRY(injection_seize(pid, sites, ret));
		if (*ret)
			return NULL;
		wait_a_little();
	}
	return error_create(ERROR_BUSY,
		"no thread of pid %d was free to clear away what an ended capture left; the next capture will do it",
		pid);
}

struct error *capture_reap(pid_t pid, const struct idle_sites *sites)
{
	_cleanup_(cleanup_injection) struct injection *injection = NULL;
	struct children children = {0};
	struct error *error = NULL;

	find_left_over(pid, &children);
	if (children.list.count)
		error = seize_soon(pid, sites, &injection);
	vec_foreach (child, &children.list) {
		const uint64_t arguments[INJECTION_ARGUMENTS] = {
			(uint64_t)procfs_inner_id(*child), 0, __WALL | WNOHANG};
		int64_t result;

		if (!error)
			error = injection_call(injection, SYS_wait4, arguments, &result);
	}
	vec_deinit(&children.list);
	return error;
}

/* Has the userfaultfd not been set up? Then no feature of it was asked for (fs/userfaultfd.c,
 * userfaultfd_show_fdinfo: "API:", version, features asked for, features there). */
static bool is_unused(pid_t pid, const char *number)
{
	_cleanup_free_ char *path = memory_format("/proc/%d/fdinfo/%s", pid, number);
	_cleanup_file_ FILE *file = fopen(path, "re");
	unsigned long long version;
	unsigned features = 1;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "API:\t%llx:%x", &version, &features);
	return features == 0;
}

static bool is_userfault(pid_t pid, const char *number)
{
	_cleanup_free_ char *path = memory_format("/proc/%d/fd/%s", pid, number);
	char name[64];
	ssize_t length = readlink(path, name, sizeof(name) - 1);

	name[MAX(length, (ssize_t)0)] = '\0';
	return strstr(name, "[userfaultfd]") != NULL;
}

static void find_userfaults(pid_t pid, struct descriptors *ret)
{
	_cleanup_free_ char *path = memory_format("/proc/%d/fd", pid);
	DIR *files = opendir(path);

	if (!files)
		return;
	for (struct dirent *entry; (entry = readdir(files));) {
		if (is_userfault(pid, entry->d_name) && is_unused(pid, entry->d_name))
			vec_push(&ret->list, (int)strtol(entry->d_name, NULL, 10));
	}
	closedir(files);
}

static bool has_descriptor(const struct descriptors *descriptors, int number)
{
	vec_foreach (descriptor, &descriptors->list) {
		if (*descriptor == number)
			return true;
	}
	return false;
}

/* A program that has just opened one itself sets it up at once: looks twice. */
static void find_left_userfaults(pid_t pid, struct descriptors *ret)
{
	struct descriptors first = {0}, second = {0};

	find_userfaults(pid, &first);
	if (first.list.count) {
		wait_a_little();
		find_userfaults(pid, &second);
	}
	vec_foreach (number, &second.list) {
		if (has_descriptor(&first, *number))
			vec_push(&ret->list, *number);
	}
	vec_deinit(&first.list);
	vec_deinit(&second.list);
}

static struct error *close_userfaults(pid_t pid, const struct idle_sites *sites)
{
	_cleanup_(cleanup_injection) struct injection *injection = NULL;
	struct descriptors left = {0};
	struct error *error = NULL;

	find_left_userfaults(pid, &left);
	if (left.list.count)
		error = seize_soon(pid, sites, &injection);
	vec_foreach (number, &left.list) {
		const uint64_t arguments[INJECTION_ARGUMENTS] = {(uint64_t)*number};
		int64_t result;

		if (!error)
			error = injection_call(injection, SYS_close, arguments, &result);
	}
	vec_deinit(&left.list);
	return error;
}

struct error *capture_clear_away(pid_t pid, const struct idle_sites *sites)
{
	if (procfs_any_thread(pid, "TracerPid"))
		return NULL;
	TRY(capture_reap(pid, sites));
	return close_userfaults(pid, sites);
}
