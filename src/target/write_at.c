#include "write_at.h"

#include <errno.h>
#include <unistd.h>

#include "fault_point.h"

struct error *write_at(int fd, const void *bytes, size_t length, uint64_t offset, const char *what)
{
	while (length) {
		ssize_t written = FAULT_POINT("pwrite", pwrite(fd, bytes, length, (off_t)offset));

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return error_system("cannot write %s", what);
		bytes = (const char *)bytes + written;
		length -= (size_t)written;
		offset += (uint64_t)written;
	}
	return NULL;
}
