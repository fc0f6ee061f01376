#include "program_image.h"

#include <elf.h>
#include <string.h>
#include <unistd.h>

#include "unnamed_file.h"
#include "write_at.h"

/* The largest program file; also of all that is copied, for mappings that overlap. */
#define MAX_IMAGE_BYTES ((uint64_t)4 << 30)

static const char IMAGE_NAME[] = "the program of this core";

/* How many bytes of a mapping the core has. */
static uint64_t captured_bytes(const struct target *target, const struct mapping *mapping)
{
	uint64_t bytes = 0;
	size_t length;

	for (addr_t at = mapping->start; target_next_captured(target, &at, mapping->end, &length);
		at += length)
		bytes += length;
	return bytes;
}

/* The kernel writes the first page of each program into a core, gdb all of the mapping that it is
 * in. */
bool program_image_captured(const struct target *target)
{
	const struct mapping *program = target_program_mapping(target);
	bool headers = false;

	vec_foreach (mapping, &target->mappings) {
		if (strcmp(mapping->path, program->path) != 0)
			continue;
		if (captured_bytes(target, mapping) != mapping->end - mapping->start)
			return false;
		headers |= !mapping->offset &&
			   target_view_captured(target, mapping->start, sizeof(Elf64_Ehdr));
	}
	return headers;
}

static struct error *copy_mapping(
	const struct target *target, const struct mapping *mapping, int fd, uint64_t *left)
{
	const uint8_t *bytes;
	size_t length;

	for (addr_t at = mapping->start;
		(bytes = target_next_captured(target, &at, mapping->end, &length)); at += length) {
		uint64_t offset = mapping->offset + (at - mapping->start);

		if (length > *left || offset > MAX_IMAGE_BYTES - length)
			return error_create(ERROR_LIMIT,
				"the program in this core is larger than %u GB",
				(unsigned)(MAX_IMAGE_BYTES >> 30));
		TRY(write_at(fd, bytes, length, offset, IMAGE_NAME));
		*left -= length;
	}
	return NULL;
}

/* The table of sections may be there by chance, but hardly any of the sections. */
static struct error *forget_sections(int fd)
{
	Elf64_Ehdr header;

	if (pread(fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header))
		return error_system("cannot read the program of this core");
	header.e_shoff = 0;
	header.e_shnum = 0;
	header.e_shstrndx = SHN_UNDEF;
	return write_at(fd, &header, sizeof(header), 0, IMAGE_NAME);
}

struct error *program_image_use(struct target *target)
{
	_cleanup_close_ int fd = -1;
	const struct mapping *program = target_program_mapping(target);
	uint64_t left = MAX_IMAGE_BYTES;

	TRY(unnamed_file_open(IMAGE_NAME, &fd));
	vec_foreach (mapping, &target->mappings) {
		if (!strcmp(mapping->path, program->path))
			TRY(copy_mapping(target, mapping, fd, &left));
	}
	TRY(forget_sections(fd));
	if (target->exe_fd >= 0)
		close(target->exe_fd);
	target->exe_fd = take_fd(fd);
	free(target->exe_path);
	target->exe_path = memory_string(program->path);
	target->exe_is_image = true;
	return NULL;
}
