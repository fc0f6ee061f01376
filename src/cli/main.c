/* silt: why is this still here? The command line. */
#include <argp.h>
#include <ctype.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "version.h"

enum { DEFAULT_LIMIT = 10, MIN_TIMES = 2, MAX_TIMES = 10000 };
enum { GIVEN_BACK_BYTES = 256 << 10 }; /* larger blocks go back to the kernel when they are freed */

enum option_key {
	OPTION_JSON = 0x100,
	OPTION_LIMIT,
	OPTION_EXE,
	OPTION_CONTENTS,
	OPTION_CAPTURE,
	OPTION_PAUSE_BUDGET,
	OPTION_FORCE,
	OPTION_NO_INJECT,
	OPTION_EVERY,
	OPTION_TIMES,
	OPTION_OUTPUT = 'o',
};

struct parsing {
	const struct command *command;
	struct invocation invocation;
};

static const struct argp_option show_options[] = {
	{"json", OPTION_JSON, NULL, 0, "Write JSON", 0},
	{"limit", OPTION_LIMIT, "N", 0, "Show at most N rows (default 10; 0: all)", 0},
	{"exe", OPTION_EXE, "FILE", 0,
		"The executable of a core file; of a process: a file that has the names it was stripped of",
		0},
	{0},
};

static const struct argp_option diff_options[] = {
	{"every", OPTION_EVERY, "TIME", 0,
		"Take the snapshots of one process, so far from each other: 30s, 5m", 0},
	{"times", OPTION_TIMES, "N", 0, "How many snapshots (default 2)", 0},
	{"json", OPTION_JSON, NULL, 0, "Write JSON", 0},
	{"limit", OPTION_LIMIT, "N", 0, "Show at most N rows (default 10; 0: all)", 0},
	{"exe", OPTION_EXE, "FILE", 0, "The executable of core files", 0},
	{0},
};

static const struct argp_option capture_options[] = {
	{"capture", OPTION_CAPTURE, "WAY", 0,
		"How to capture a process: stop, precopy, fork, or auto (default): the first of them that keeps the budget",
		0},
	{"pause-budget", OPTION_PAUSE_BUDGET, "TIME", 0,
		"How long the process may stand still, such as 500us, 10ms (default), 1s; when that cannot be kept nothing is done",
		0},
	{"force", OPTION_FORCE, NULL, 0, "Capture even if the process will stand still for longer",
		0},
	{"no-inject", OPTION_NO_INJECT, NULL, 0,
		"Never write registers or memory of the process: only --capture=stop", 0},
	{0},
};

static const struct argp_option file_options[] = {
	{"output", OPTION_OUTPUT, "FILE", 0,
		"The file to write; compressed when its name ends with .zst", 0},
	{"contents", OPTION_CONTENTS, NULL, 0, "Also copy objects that hold no pointers", 0},
	{"exe", OPTION_EXE, "FILE", 0, "The executable of a core file", 0},
	{0},
};

static void parse_limit(struct argp_state *state, const char *text, size_t *ret)
{
	char *end;

	*ret = strtoul(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end)
		argp_error(state, "--limit takes a number, not \"%s\"", text);
}

static void parse_way(struct argp_state *state, const char *text, enum capture_way *ret)
{
	for (unsigned i = 0; i < ARRAY_SIZE(capture_way_names); i++) {
		if (!strcmp(text, capture_way_names[i])) {
			*ret = (enum capture_way)i;
			return;
		}
	}
	argp_error(state, "--capture takes auto, stop, precopy or fork, not \"%s\"", text);
}

static void parse_duration(
	struct argp_state *state, const char *option, const char *text, uint64_t *ret)
{
	static const struct {
		const char *name;
		double nanoseconds;
	} units[] = {{"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};
	char *end;
	double number = strtod(text, &end);

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (isdigit((unsigned char)*text) && number > 0 && number < 1e6 &&
			!strcmp(end, units[i].name)) {
			*ret = (uint64_t)(number * units[i].nanoseconds);
			return;
		}
	}
	argp_error(state, "--%s takes a time such as 10ms or 1m, not \"%s\"", option, text);
}

static void parse_times(struct argp_state *state, const char *text, unsigned *ret)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (!isdigit((unsigned char)*text) || *end || number < MIN_TIMES || number > MAX_TIMES)
		argp_error(state, "--times takes a number from %d to %d, not \"%s\"", MIN_TIMES,
			MAX_TIMES, text);
	*ret = (unsigned)number;
}

static error_t parse_capture_option(int key, char *argument, struct argp_state *state)
{
	struct capture_options *options = state->input;

	switch (key) {
	case OPTION_CAPTURE:
		parse_way(state, argument, &options->way);
		return 0;
	case OPTION_PAUSE_BUDGET:
		parse_duration(state, "pause-budget", argument, &options->pause_budget_ns);
		return 0;
	case OPTION_FORCE:
		options->force = true;
		return 0;
	case OPTION_NO_INJECT:
		options->no_inject = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp capture_argp = {
	.options = capture_options, .parser = parse_capture_option};

/* With --every one process is all there is to compare. */
static void check_count(struct argp_state *state, const struct parsing *parsing)
{
	const struct command *command = parsing->command;

	if (parsing->invocation.times && !parsing->invocation.every_ns) {
		argp_error(state, "--times is for --every=TIME, which takes the snapshots");
	} else if (command->compares && parsing->invocation.every_ns) {
		if (state->arg_num != 1)
			argp_error(
				state, "--every takes snapshots itself: expected one process id");
	} else if (command->compares && state->arg_num < command->argument_count) {
		argp_error(state, "expected two targets, or --every=TIME and a process id");
	} else if (state->arg_num < command->argument_count) {
		argp_error(state, "expected %s", command->arguments);
	}
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct parsing *parsing = state->input;
	struct invocation *invocation = &parsing->invocation;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &invocation->capture;
		return 0;
	case OPTION_JSON:
		invocation->json = true;
		return 0;
	case OPTION_LIMIT:
		parse_limit(state, argument, &invocation->limit);
		return 0;
	case OPTION_EXE:
		invocation->exe = argument;
		return 0;
	case OPTION_CONTENTS:
		invocation->contents = true;
		return 0;
	case OPTION_OUTPUT:
		invocation->output = argument;
		return 0;
	case OPTION_EVERY:
		parse_duration(state, "every", argument, &invocation->every_ns);
		return 0;
	case OPTION_TIMES:
		parse_times(state, argument, &invocation->times);
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num >= parsing->command->argument_count)
			argp_error(state, "too many arguments: \"%s\"", argument);
		*(state->arg_num ? &invocation->what : &invocation->target) = argument;
		return 0;
	case ARGP_KEY_END:
		check_count(state, parsing);
		if (parsing->command->makes_file && !invocation->output)
			argp_error(state, "where to? give -o FILE");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int run_command(const struct command *command, int count, char **arguments)
{
	char name[64];
	struct parsing parsing = {.command = command, .invocation = {.limit = DEFAULT_LIMIT}};
	const struct argp_child children[] = {{&capture_argp, 0, "Of a process:", 1}, {0}};
	const struct argp argp = {
		.children = children,
		.options = command->makes_file ? file_options
			   : command->compares ? diff_options
					       : show_options,
		.parser = parse_option,
		.args_doc = command->arguments,
		.doc = command->description,
	};

	snprintf(name, sizeof(name), "silt %s", command->name);
	arguments[0] = name;
	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, count, arguments, 0, NULL, &parsing);
	return command->makes_file ? command_snap(&parsing.invocation)
				   : command_show(command, &parsing.invocation);
}

static void print_summary(FILE *file, const char *name, const char *summary)
{
	fprintf(file, "  silt %-10s  %s\n", name, summary);
}

/* In lines of at most 80 columns. */
static void print_usage(FILE *file)
{
	fputs("silt tells why memory and goroutines are still alive in a running Go program.\n\n",
		file);
	print_summary(file, "TARGET", "what it holds, and who holds it (the same as silt report)");
	for (const struct command *command = commands; command->name; command++)
		print_summary(file, command->name, command->summary);
	fputs("\nTARGET is a process id, a core file, or a snapshot that silt wrote.\n"
	      "silt COMMAND --help tells the options of a command.\n"
	      "Exit status: 0 nothing found, 1 findings, 2 wrong usage,\n"
	      "             3 the target could not be read.\n",
		file);
}

/* A file that is mapped and becomes shorter. */
static void bus_error(int signal_number)
{
	static const char line[] = "silt: the file that is being read has become shorter\n";

	(void)signal_number;
	if (write(STDERR_FILENO, line, sizeof(line) - 1) < 0)
		_exit(EXIT_UNREADABLE);
	_exit(EXIT_UNREADABLE);
}

int main(int count, char **arguments)
{
	signal(SIGBUS, bus_error);
	/* Whoever started silt may have ignored it: then nobody can be waited for. */
	signal(SIGCHLD, SIG_DFL);
	signal(SIGXFSZ, SIG_IGN); /* ulimit -f: writing fails, and that is said */
	/* Else glibc learns to keep what was freed, up to blocks of 32 MiB (mallopt(3)). */
	mallopt(M_MMAP_THRESHOLD, GIVEN_BACK_BYTES);
	if (count < 2) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(arguments[1], "--help") || !strcmp(arguments[1], "-?") ||
		!strcmp(arguments[1], "help")) {
		print_usage(stdout);
		return EXIT_NOTHING_FOUND;
	}
	if (!strcmp(arguments[1], "--version")) {
		puts("silt " SILT_VERSION);
		return EXIT_NOTHING_FOUND;
	}
	for (const struct command *command = commands; command->name; command++) {
		if (!strcmp(arguments[1], command->name))
			return run_command(command, count - 1, arguments + 1);
	}
	return run_command(&commands[0], count, arguments);
}
