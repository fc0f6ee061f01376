/* The commands of silt: a table, and one file for what each of them does. */
#pragma once

#include "error.h"
#include "view.h"
#include "views.h"

enum exit_status {
	EXIT_NOTHING_FOUND = 0,
	EXIT_FINDINGS = 1,
	EXIT_USAGE = 2,
	EXIT_UNREADABLE = 3,
};

/* Options and arguments that all commands share, and those of some. */
struct invocation {
	const char *target;
	const char *what; /* why; diff: the later target */
	const char *exe;
	const char *output; /* snap */
	bool json;
	bool contents;     /* snap */
	uint64_t every_ns; /* diff: between snapshots of a process; 0: two targets are given */
	unsigned times;    /* diff: how many of them; 0: as few as can be */
	struct capture_options capture;
	size_t limit;
};

struct command {
	const char *name;
	const char *arguments; /* for --help */
	const char *summary;
	const char *description;
	unsigned argument_count;
	bool makes_file; /* takes -o and --contents, and no --json and --limit */
	bool compares;   /* takes --every and --times, and opens its targets itself */
	struct error *(*show)(const struct analysis *analysis, const struct view_options *options,
		const struct invocation *invocation, struct view **ret);
};

extern const struct command commands[];

/* Runs a command that shows something. */
int command_show(const struct command *command, const struct invocation *invocation);

/* Runs silt snap. */
int command_snap(const struct invocation *invocation);
