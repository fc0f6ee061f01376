#include "unnamed_file.h"

#include <fcntl.h>
#include <sys/mman.h>

struct error *unnamed_file_open(const char *what, int *ret)
{
	const char *directory = getenv("TMPDIR");
	int fd = open(directory && *directory ? directory : "/var/tmp",
		O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		fd = memfd_create("silt", MFD_CLOEXEC); /* no such place: memory has to do */
	if (fd < 0)
		return error_system("cannot make a temporary file for %s (set TMPDIR)", what);
	*ret = fd;
	return NULL;
}
