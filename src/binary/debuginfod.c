#include "debuginfod.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>

#include "memory.h"

/* Seconds: without an answer, and for all of a file. */
#define CLIENT_TIMEOUT "5"
#define CLIENT_MAXTIME "60"

static bool has_servers(void)
{
	const char *servers = getenv("DEBUGINFOD_URLS");

	return servers && servers[strspn(servers, " \t\n")];
}

/* Starts the client with its output into `output`. An errno, 0: it runs. */
static int start_client(char *build_id, int output, pid_t *ret)
{
	char *arguments[] = {"debuginfod-find", "debuginfo", build_id, NULL};
	posix_spawn_file_actions_t actions;

	/* Unless the user has said how long it may take. */
	setenv("DEBUGINFOD_TIMEOUT", CLIENT_TIMEOUT, 0);
	setenv("DEBUGINFOD_MAXTIME", CLIENT_MAXTIME, 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	int result = posix_spawnp(ret, arguments[0], &actions, NULL, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	return result;
}

/* What the client prints: one line, the path. */
static char *read_path(int input)
{
	char path[PATH_MAX];
	size_t length = 0;
	ssize_t got;

	while (length < sizeof(path) &&
		((got = read(input, path + length, sizeof(path) - length)) > 0 ||
			(got < 0 && errno == EINTR)))
		length += got > 0 ? (size_t)got : 0;
	const char *end = memchr(path, '\n', length);
	return memory_string_n(path, end ? (size_t)(end - path) : length);
}

static bool ended_well(pid_t client)
{
	int status;

	while (waitpid(client, &status, 0) < 0) {
		if (errno != EINTR)
			return false;
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static char *run_client(char *build_id, char **ret_problem)
{
	int ends[2];
	pid_t client;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return NULL;
	_cleanup_close_ int input = ends[0];
	int result = start_client(build_id, ends[1], &client);
	close(ends[1]);
	if (result == ENOENT)
		*ret_problem = memory_string(
			"DEBUGINFOD_URLS is set, but debuginfod-find is not installed (Debian: package debuginfod)");
	if (result)
		return NULL;
	_cleanup_free_ char *path = read_path(input);
	return ended_well(client) && *path ? take_pointer(path) : NULL;
}

char *debuginfod_find(char *build_id, char **ret_problem)
{
	return *build_id && has_servers() ? run_client(build_id, ret_problem) : NULL;
}
