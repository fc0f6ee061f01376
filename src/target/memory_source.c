#include "memory_source.h"

#include <unistd.h>

#include "fault_point.h"
#include "target.h"

size_t memory_source_read(
	const struct memory_source *source, addr_t address, void *buffer, size_t length)
{
	struct iovec local = {buffer, length};
	struct iovec remote = {(void *)(uintptr_t)address, length};

	if (source->core)
		return target_read_start(source->core, address, buffer, length);
	ssize_t got =
		source->mem >= 0
			? FAULT_POINT("pread", pread(source->mem, buffer, length, (off_t)address))
			: FAULT_POINT(
				  "readv", process_vm_readv(source->pid, &local, 1, &remote, 1, 0));

	return got < 0 ? 0 : (size_t)got;
}

static size_t read_one_by_one(const struct memory_source *source, const struct iovec *memory,
	size_t count, uint8_t *buffer)
{
	size_t done = 0;

	for (size_t i = 0; i < count; i++) {
		size_t got = memory_source_read(source, (addr_t)(uintptr_t)memory[i].iov_base,
			buffer + done, memory[i].iov_len);

		done += got;
		if (got < memory[i].iov_len)
			break;
	}
	return done;
}

size_t memory_source_read_list(const struct memory_source *source, const struct iovec *memory,
	size_t count, void *buffer, size_t length)
{
	struct iovec local = {buffer, length};

	if (!memory_source_takes_lists(source))
		return read_one_by_one(source, memory, count, buffer);
	ssize_t got =
		FAULT_POINT("readv", process_vm_readv(source->pid, &local, 1, memory, count, 0));
	return got < 0 ? 0 : (size_t)got;
}
