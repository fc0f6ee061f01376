#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "capture.h"
#include "capture_plan.h"
#include "core_file.h"
#include "process.h"

void program_destroy(struct program *program)
{
	if (!program)
		return;
	goruntime_destroy(program->runtime);
	executable_destroy(program->executable);
	target_destroy(program->target);
	free(program);
}

static bool parse_pid(const char *text, pid_t *ret)
{
	char *end;
	long number = strtol(text, &end, 10);

	if (end == text || *end || number <= 0 || number > INT32_MAX)
		return false;
	*ret = (pid_t)number;
	return true;
}

/* A file without a name: it is gone when silt ends, however it ends. */
static struct error *open_spool(int *ret)
{
	const char *directory = getenv("TMPDIR");
	int fd = open(directory && *directory ? directory : "/var/tmp",
		O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		fd = memfd_create("silt", MFD_CLOEXEC); /* no such place: memory has to do */
	if (fd < 0)
		return error_system(
			"cannot make a temporary file for the captured memory (set TMPDIR)");
	*ret = fd;
	return NULL;
}

/* A running process, looked at without stopping it: enough to know what to capture. */
struct preview {
	struct target *target;
	struct executable *executable;
	struct goruntime *runtime;
};

static void preview_deinit(struct preview *preview)
{
	goruntime_destroy(preview->runtime);
	executable_destroy(preview->executable);
	target_destroy(preview->target);
}

static struct error *preview_open(pid_t pid, struct preview *preview)
{
	TRY(process_open(pid, &preview->target));
	TRY(executable_open(preview->target, &preview->executable));
	return goruntime_open(preview->target, preview->executable, &preview->runtime);
}

static struct error *capture_to(struct preview *preview, bool executable, bool contents, int fd)
{
	struct capture_wishes wishes = {
		.runtime = preview->runtime,
		.executable = executable,
		.contents = contents,
	};
	struct capture_plan plan = capture_plan_for(&wishes);

	return capture_process(preview->target->pid, &plan, fd);
}

/* Captures a process, and opens what was captured in its place. */
static struct error *open_process(pid_t pid, struct target **ret)
{
	_cleanup_(preview_deinit) struct preview preview = {0};
	_cleanup_close_ int spool = -1;
	char exe[64];

	TRY(preview_open(pid, &preview));
	TRY(open_spool(&spool));
	TRY(capture_to(&preview, false, false, spool));
	snprintf(exe, sizeof(exe), "/proc/self/fd/%d", preview.target->exe_fd);
	TRY(core_file_open_fd(take_fd(spool), "the captured memory", exe, ret));
	(*ret)->kind = TARGET_PROCESS;
	free((*ret)->exe_path);
	(*ret)->exe_path = memory_string(preview.target->exe_path);
	return NULL;
}

static struct error *open_file(const char *path, const char *exe, struct target **ret)
{
	struct stat status;

	if (stat(path, &status) < 0 && errno == ENOENT)
		return error_create(ERROR_USAGE, "%s is neither a process id nor a file", path);
	return core_file_open(path, exe, ret);
}

struct error *program_open(
	const char *name, const struct program_options *options, struct program **ret)
{
	_cleanup_(cleanup_program) struct program *program = memory_alloc(sizeof(*program));
	pid_t pid;

	if (parse_pid(name, &pid))
		TRY(open_process(pid, &program->target));
	else
		TRY(open_file(name, options->exe, &program->target));
	TRY(executable_open(program->target, &program->executable));
	TRY(goruntime_open(program->target, program->executable, &program->runtime));
	*ret = take_pointer(program);
	return NULL;
}

static struct error *write_snapshot(const char *name, const struct snapshot_wishes *wishes, int fd)
{
	_cleanup_(preview_deinit) struct preview preview = {0};
	pid_t pid;

	if (!parse_pid(name, &pid))
		return error_create(ERROR_USAGE,
			"silt snap takes a process id: %s is already a file that silt reads", name);
	TRY(preview_open(pid, &preview));
	return capture_to(&preview, true, wishes->contents, fd);
}

struct error *program_snapshot(
	const char *name, const struct snapshot_wishes *wishes, const char *path)
{
	_cleanup_free_ char *temporary = memory_format("%s.XXXXXX", path);
	_cleanup_close_ int fd = mkostemp(temporary, O_CLOEXEC);

	if (fd < 0)
		return error_system("cannot write %s", path);
	struct error *error = write_snapshot(name, wishes, fd);
	if (!error && fsync(fd) < 0)
		error = error_system("cannot write %s", path);
	if (!error && rename(temporary, path) < 0)
		error = error_system("cannot write %s", path);
	if (error)
		unlink(temporary);
	return error;
}
