/* A file that appears under its name when it is whole, or not at all.
 *
 * Until then it has no name, so that a kill leaves nothing; where the file system has no such files
 * it has a temporary one.
 */
#pragma once

#include <stdbool.h>

#include "error.h"

struct output_file {
	char *path;
	char *temporary; /* a name beside it */
	int fd;          /* to read and write */
	bool named;      /* `temporary` exists */
};

/* What has the name now must be a regular file, if anything. */
struct error *output_file_open(const char *path, struct output_file *ret);

/* Syncs it and gives it its name, in place of what had it. */
struct error *output_file_commit(struct output_file *file);

/* What was not committed is gone. */
void output_file_deinit(struct output_file *file);
