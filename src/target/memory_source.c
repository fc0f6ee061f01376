#include "memory_source.h"

#include <sys/uio.h>
#include <unistd.h>

#include "fault_point.h"

size_t memory_source_read(
	const struct memory_source *source, addr_t address, void *buffer, size_t length)
{
	struct iovec local = {buffer, length};
	struct iovec remote = {(void *)(uintptr_t)address, length};
	ssize_t got =
		source->mem >= 0
			? FAULT_POINT("pread", pread(source->mem, buffer, length, (off_t)address))
			: FAULT_POINT(
				  "readv", process_vm_readv(source->pid, &local, 1, &remote, 1, 0));

	return got < 0 ? 0 : (size_t)got;
}
