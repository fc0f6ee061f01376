#include "output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory.h"

static struct error *cannot_write(const char *path)
{
	return error_system("cannot write %s", path);
}

/* A device, a pipe or a directory would lose its name to the file (/dev/null, by root), or keep it
 * when all the work is done. */
static struct error *check_free(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0 || S_ISREG(status.st_mode))
		return NULL;
	return error_create(
		ERROR_SYSTEM, "cannot write %s: what is there now is not a regular file", path);
}

/* EOPNOTSUPP, and EISDIR from old ones: the file system has no unnamed files. */
struct error *output_file_open(const char *path, struct output_file *ret)
{
	TRY(check_free(path));
	_cleanup_free_ char *copy = memory_string(path);
	_cleanup_free_ char *temporary = memory_format("%s.%d.XXXXXX", path, getpid());
	int fd = open(dirname(copy), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	bool named = fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR);

	if (named)
		fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return cannot_write(path);
	*ret = (struct output_file){
		.path = memory_string(path),
		.temporary = take_pointer(temporary),
		.fd = fd,
		.named = named,
	};
	return NULL;
}

/* Gives an unnamed file a name that is free. */
static struct error *name(struct output_file *file)
{
	_cleanup_free_ char *unnamed = memory_format("/proc/self/fd/%d", file->fd);

	if (linkat(AT_FDCWD, unnamed, AT_FDCWD, file->temporary, AT_SYMLINK_FOLLOW) < 0)
		return cannot_write(file->path);
	file->named = true;
	return NULL;
}

struct error *output_file_commit(struct output_file *file)
{
	if (fsync(file->fd) < 0)
		return cannot_write(file->path);
	if (!file->named)
		TRY(name(file));
	if (rename(file->temporary, file->path) < 0)
		return cannot_write(file->path);
	file->named = false;
	return NULL;
}

void output_file_deinit(struct output_file *file)
{
	if (!file->path)
		return;
	if (file->named)
		unlink(file->temporary);
	close(file->fd);
	free(file->path);
	free(file->temporary);
}
