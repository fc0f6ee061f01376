#include "write_at.h"

#include <errno.h>
#include <unistd.h>

#include "address.h"
#include "bytes.h"
#include "fault_point.h"
#include "memory.h"

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

struct error *write_sparse_at(
	int fd, const uint8_t *bytes, size_t length, uint64_t offset, const char *what)
{
	size_t begin = 0;

	for (size_t at = 0; at < length; at += OS_PAGE) {
		size_t page = MIN(length - at, (size_t)OS_PAGE);

		if (!bytes_are_zero(bytes + at, page))
			continue;
		TRY(write_at(fd, bytes + begin, at - begin, offset + begin, what));
		begin = at + page;
	}
	return write_at(fd, bytes + begin, length - begin, offset + begin, what);
}
