#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture.h"
#include "capture_plan.h"
#include "clock.h"
#include "compressed_writer.h"
#include "core_file.h"
#include "debug_file.h"
#include "layout_check.h"
#include "leftovers.h"
#include "output_file.h"
#include "process.h"
#include "procfs.h"
#include "program_image.h"
#include "static_values.h"
#include "unnamed_file.h"

enum { LOOKS = 20 }; /* at a process that runs */

void program_destroy(struct program *program)
{
	if (!program)
		return;
	goruntime_destroy(program->runtime);
	debuginfo_destroy(program->debuginfo);
	free(program->debuginfo_problem);
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

static void open_debuginfo(struct program *program)
{
	struct error *error = debuginfo_open(program->executable, &program->debuginfo);

	if (!error)
		return;
	free(program->debuginfo_problem);
	program->debuginfo_problem = memory_string(error->message);
	program->debuginfo = memory_alloc(sizeof(*program->debuginfo));
	program->debuginfo->executable = program->executable;
	error_destroy(error);
}

/* The process changes while it is looked at, so what does not fit may fit the next time. */
static struct error *open_running(struct program *program)
{
	for (unsigned i = 0;; i++) {
		struct error *error =
			goruntime_open(program->target, program->executable, &program->runtime);

		if (!error || i == LOOKS ||
			(error->code != ERROR_LAYOUT && error->code != ERROR_FAULT))
			return error;
		error_destroy(error);
		TRY(process_refresh(program->target));
	}
}

static struct error *open_process_parts(pid_t pid, struct program *program)
{
	TRY(process_open(pid, &program->target));
	TRY(executable_open(program->target, &program->executable));
	return open_running(program);
}

/* Looks at the running process without stopping it: enough to know what to capture. */
static struct error *look_at_process(pid_t pid, struct program *program)
{
	struct error *error = open_process_parts(pid, program);

	if (!error || error->code == ERROR_GONE || !procfs_has_ended(pid))
		return error;
	error_destroy(error);
	return error_create(ERROR_GONE, "pid %d has ended while it was looked at", pid);
}

/* Puts what was captured in the place of the running process. */
static struct error *replace_target(struct program *program, int spool)
{
	struct target *running = program->target, *captured;
	_cleanup_free_ char *exe = memory_format("/proc/self/fd/%d", running->exe_fd);

	TRY(core_file_open_fd(spool, "the captured memory", exe, &captured));
	captured->kind = TARGET_PROCESS;
	free(captured->exe_path);
	captured->exe_path = take_pointer(running->exe_path);
	goruntime_destroy(take_pointer(program->runtime));
	target_destroy(running);
	program->target = captured;
	return goruntime_open(captured, program->executable, &program->runtime);
}

/* DWARF is looked for and read while the capture runs, which is another process. */
static struct error *open_process(
	pid_t pid, const struct program_options *options, struct program *program)
{
	_cleanup_close_ int spool = -1;
	struct capture *capture;

	TRY(look_at_process(pid, program));
	if (options->exe)
		TRY(debug_file_use(program->executable, options->exe));
	TRY(unnamed_file_open("the captured memory", &spool));
	const struct capture_wishes wishes = {.runtime = program->runtime};
	struct capture_plan plan = capture_plan_for(&wishes);
	uint64_t began = clock_now();
	TRY(capture_start(pid, &plan, &options->capture, spool, &capture));
	if (!options->exe)
		debug_file_find(program->executable, pid, &program->debuginfo_problem);
	open_debuginfo(program);
	TRY(capture_finish(capture));
	uint64_t elapsed = clock_now() - began;
	TRY(layout_check(&program->runtime->layout, program->debuginfo));
	TRY(replace_target(program, take_fd(spool)));
	static_values_add(program->runtime, program->debuginfo);
	program->target->capture.elapsed_ns = elapsed;
	return NULL;
}

static struct error *open_executable_of_core(struct program *program)
{
	TRY(executable_open(program->target, &program->executable));
	return executable_check_belongs(program->executable, program->target);
}

/* What the core itself has of its program. `exe` may be its debug file. */
static struct error *open_image(struct program *program, const char *exe)
{
	executable_destroy(take_pointer(program->executable));
	TRY(program_image_use(program->target));
	TRY(open_executable_of_core(program));
	return exe ? debug_file_use(program->executable, exe) : NULL;
}

/* Where the core says that its program was there may be nothing now, or another program. */
static struct error *open_executable(struct program *program, const char *exe)
{
	struct error *error = open_executable_of_core(program);

	if (!error || !program_image_captured(program->target))
		return error;
	struct error *image_error = open_image(program, exe);
	error_destroy(image_error ? image_error : error);
	return image_error ? error : NULL;
}

static struct error *open_file(const char *path, const char *exe, struct program *program)
{
	struct stat status;

	if (stat(path, &status) < 0 && errno == ENOENT)
		return error_create(ERROR_USAGE, "%s is neither a process id nor a file", path);
	TRY(core_file_open(path, exe, &program->target));
	TRY(open_executable(program, exe));
	if (!program->target->mappings.count) /* qemu-user lists no files (NT_FILE) */
		executable_lend_pages(program->executable, program->target);
	debug_file_find(program->executable, 0, &program->debuginfo_problem);
	TRY(goruntime_open(program->target, program->executable, &program->runtime));
	open_debuginfo(program);
	static_values_add(program->runtime, program->debuginfo);
	return layout_check(&program->runtime->layout, program->debuginfo);
}

struct error *program_open(
	const char *name, const struct program_options *options, struct program **ret)
{
	_cleanup_(cleanup_program) struct program *program = memory_alloc(sizeof(*program));
	pid_t pid;

	if (parse_pid(name, &pid))
		TRY(open_process(pid, options, program));
	else
		TRY(open_file(name, options->exe, program));
	*ret = take_pointer(program);
	return NULL;
}

static struct error *erase_leftovers(const struct program *program, int fd)
{
	_cleanup_free_ char *exe = memory_format("/proc/self/fd/%d", program->target->exe_fd);
	_cleanup_(cleanup_target) struct target *captured = NULL;
	_cleanup_(cleanup_goruntime) struct goruntime *runtime = NULL;

	TRY(core_file_open_fd(dup(fd), "the captured memory", exe, &captured));
	TRY(goruntime_open(captured, program->executable, &runtime));
	return leftovers_erase(runtime);
}

static struct error *snapshot_process(
	pid_t pid, const struct capture_plan *plan, const struct capture_options *options, int fd)
{
	struct capture *capture;

	TRY(capture_start(pid, plan, options, fd, &capture));
	return capture_finish(capture);
}

/* The program of a process that runs, or of a core. */
static struct error *open_to_copy(const char *name, const struct snapshot_wishes *wishes,
	pid_t *ret_pid, struct program *program)
{
	if (parse_pid(name, ret_pid))
		return wishes->exe
			       ? error_create(ERROR_USAGE,
					 "--exe is for a core file: a process has its program with it")
			       : look_at_process(*ret_pid, program);
	*ret_pid = 0;
	TRY(open_file(name, wishes->exe, program));
	if (wishes->contents && program->target->kind == TARGET_SNAPSHOT &&
		!program->target->capture.contents)
		return error_create(ERROR_USAGE,
			"%s was taken without the objects that hold no pointers: --contents can "
			"add them only when its process or core is taken",
			name);
	if (!program->target->mappings.count)
		executable_add_mappings(program->executable, program->target);
	return NULL;
}

static struct error *capture_snapshot(
	const char *name, const struct snapshot_wishes *wishes, int fd)
{
	_cleanup_(cleanup_program) struct program *program = memory_alloc(sizeof(*program));
	pid_t pid;

	TRY(open_to_copy(name, wishes, &pid, program));
	const struct capture_wishes capture_wishes = {
		.runtime = program->runtime,
		.executable = true,
		.contents = wishes->contents,
	};
	struct capture_plan plan = capture_plan_for(&capture_wishes);
	TRY(pid ? snapshot_process(pid, &plan, &wishes->capture, fd)
		: capture_core(program->target, &plan, fd));
	return wishes->contents ? NULL : erase_leftovers(program, fd);
}

/* Memory is written in no order while it is captured, and compressed when the target runs again. */
static struct error *write_compressed(
	const char *name, const struct snapshot_wishes *wishes, const struct output_file *output)
{
	struct output_file plain = {0};
	struct error *error = output_file_open(output->path, &plain);

	if (!error)
		error = capture_snapshot(name, wishes, plain.fd);
	if (!error)
		error = compressed_write(plain.fd, output->fd, output->path);
	output_file_deinit(&plain);
	return error;
}

static bool wants_compression(const char *path)
{
	const char *end = strrchr(path, '.');

	return end && !strcmp(end, ".zst");
}

struct error *program_snapshot(
	const char *name, const struct snapshot_wishes *wishes, const char *path)
{
	struct output_file output = {0};
	struct error *error = output_file_open(path, &output);

	if (!error)
		error = wants_compression(path) ? write_compressed(name, wishes, &output)
						: capture_snapshot(name, wishes, output.fd);
	if (!error)
		error = output_file_commit(&output);
	output_file_deinit(&output);
	return error;
}
