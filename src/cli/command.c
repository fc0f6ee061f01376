#include "command.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clean.h"
#include "clock.h"
#include "diff.h"
#include "human.h"
#include "progress.h"

static int fail(struct error *error)
{
	int status = error->code == ERROR_USAGE ? EXIT_USAGE : EXIT_UNREADABLE;

	_cleanup_free_ char *message = clean_text(memory_string(error->message));

	fprintf(stderr, "silt: %s\n", message);
	error_destroy(error);
	return status;
}

/* Pipes and files get lines as long as they are. */
static struct terminal find_terminal(void)
{
	struct winsize size;
	struct terminal terminal = {0};

	if (!isatty(STDOUT_FILENO))
		return terminal;
	terminal.colour = !getenv("NO_COLOR");
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		terminal.width = size.ws_col;
	return terminal;
}

static int print_view(const struct view *view, bool json)
{
	struct terminal terminal = find_terminal();
	_cleanup_free_ char *text = json ? view_render_json(view) : view_render(view, &terminal);

	if (!text || fputs(text, stdout) < 0 || (json && putchar('\n') < 0) || fflush(stdout) < 0) {
		fprintf(stderr, "silt: cannot write the result\n");
		return EXIT_UNREADABLE;
	}
	return EXIT_NOTHING_FOUND;
}

/* Hints are no reason to fail. */
static bool has_findings(struct view *view)
{
	const json_t *finding;
	size_t place;

	json_array_foreach(json_object_get(view_document(view), "findings"), place, finding)
	{
		if (strcmp(json_string_value(json_object_get(finding, "tier")), "hint") != 0)
			return true;
	}
	return false;
}

static struct error *make_view(
	const struct command *command, const struct invocation *invocation, struct view **ret)
{
	const struct analysis_options options = {
		.program = {.exe = invocation->exe, .capture = invocation->capture},
		.progress = progress_phase,
	};
	_cleanup_(cleanup_analysis) struct analysis *analysis = NULL;
	uint64_t began = clock_now();

	TRY(analysis_open(invocation->target, &options, &analysis));
	progress_phase(NULL, "making the report");
	const struct view_options view_options = {.limit = invocation->limit, .began_ns = began};
	return command->show(analysis, &view_options, invocation, ret);
}

int command_show(const struct command *command, const struct invocation *invocation)
{
	struct view *view = NULL;

	progress_start();
	struct error *error = command->compares ? diff_view(invocation, &view)
						: make_view(command, invocation, &view);
	progress_stop();
	if (error)
		return fail(error);
	int status = print_view(view, invocation->json);
	if (status == EXIT_NOTHING_FOUND && has_findings(view))
		status = EXIT_FINDINGS;
	view_destroy(view);
	return status;
}

int command_snap(const struct invocation *invocation)
{
	const struct snapshot_wishes wishes = {
		.exe = invocation->exe,
		.capture = invocation->capture,
		.contents = invocation->contents,
	};

	progress_start();
	progress_phase(NULL, "capturing");
	struct error *error = program_snapshot(invocation->target, &wishes, invocation->output);
	progress_stop();
	if (error)
		return fail(error);
	printf("wrote %s\n", invocation->output);
	return EXIT_NOTHING_FOUND;
}
