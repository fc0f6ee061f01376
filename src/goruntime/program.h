/* A Go program opened for analysis: a live process (captured first), a core file or a snapshot. */
#pragma once

#include "capture.h"
#include "debuginfo.h"
#include "executable.h"
#include "goruntime.h"
#include "target.h"

struct program {
	struct target *target;
	struct executable *executable;
	struct goruntime *runtime;
	struct debuginfo *debuginfo; /* empty when there is no DWARF, or none that can be read */
	char *debuginfo_problem;     /* why it, or a separate debug file, cannot be used; NULL */
};

struct program_options {
	const char *exe; /* the executable of a core, or of a process one with names; NULL */
	struct capture_options capture; /* of a process */
};

/* `name` is a process id or a file. A process is captured into an unnamed file in $TMPDIR (else
 * /var/tmp), and runs on while that is read. */
struct error *program_open(
	const char *name, const struct program_options *options, struct program **ret);
void program_destroy(struct program *program);
DEFINE_CLEANUP(program)

/* Captures a process into a snapshot file, or takes out of a core file what belongs into one. It is
 * compressed when its name ends with ".zst", and appears when it is whole: a full disk or a kill
 * leaves no half file. */
struct snapshot_wishes {
	const char *exe; /* as of struct program_options */
	struct capture_options capture;
	bool contents; /* also objects without pointers */
};
struct error *program_snapshot(
	const char *name, const struct snapshot_wishes *wishes, const char *path);
