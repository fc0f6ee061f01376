#include "elf_image.h"

#include <string.h>
#include <sys/mman.h>

enum { ALIGNMENT = 16 };

static void put(struct elf_image *image, const void *bytes, size_t length)
{
	vec_reserve(&image->bytes, image->bytes.count + length);
	if (length)
		memcpy(image->bytes.items + image->bytes.count, bytes, length);
	image->bytes.count += length;
}

void elf_image_init(struct elf_image *image, uint16_t type)
{
	*image = (struct elf_image){
		.header =
			{
				.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
					ELFDATA2LSB, EV_CURRENT},
				.e_type = type,
				.e_machine = EM_X86_64,
				.e_version = EV_CURRENT,
				.e_ehsize = sizeof(Elf64_Ehdr),
				.e_phentsize = sizeof(Elf64_Phdr),
				.e_shentsize = sizeof(Elf64_Shdr),
			},
	};
	put(image, &image->header, sizeof(image->header));
	vec_push(&image->names, '\0');
	vec_push(&image->sections, {.sh_type = SHT_NULL});
}

void elf_image_deinit(struct elf_image *image)
{
	vec_deinit(&image->bytes);
	vec_deinit(&image->sections);
	vec_deinit(&image->segments);
	vec_deinit(&image->names);
}

uint64_t elf_image_add_bytes(struct elf_image *image, const void *bytes, size_t length)
{
	while (image->bytes.count % ALIGNMENT)
		vec_push(&image->bytes, 0);
	uint64_t offset = image->bytes.count;

	put(image, bytes, length);
	return offset;
}

static uint32_t add_name(struct elf_image *image, const char *name)
{
	uint32_t at = (uint32_t)image->names.count;

	for (; *name; name++)
		vec_push(&image->names, *name);
	vec_push(&image->names, '\0');
	return at;
}

Elf64_Shdr *elf_image_add_section(struct elf_image *image, const char *name, uint32_t type,
	uint64_t address, const void *bytes, size_t length)
{
	vec_push(&image->sections, {
					   .sh_name = add_name(image, name),
					   .sh_type = type,
					   .sh_addr = address,
					   .sh_offset = elf_image_add_bytes(image, bytes, length),
					   .sh_size = length,
					   .sh_addralign = 1,
				   });
	return vec_last(&image->sections);
}

Elf64_Phdr *elf_image_add_segment(
	struct elf_image *image, uint32_t type, uint64_t address, uint64_t offset, uint64_t length)
{
	vec_push(&image->segments, {
					   .p_type = type,
					   .p_flags = PF_R | PF_W,
					   .p_offset = offset,
					   .p_vaddr = address,
					   .p_filesz = length,
					   .p_memsz = length,
				   });
	return vec_last(&image->segments);
}

void elf_image_finish(struct elf_image *image)
{
	uint32_t name = add_name(image, ".shstrtab");

	vec_push(&image->sections, {
					   .sh_name = name,
					   .sh_type = SHT_STRTAB,
					   .sh_offset = elf_image_add_bytes(
						   image, image->names.items, image->names.count),
					   .sh_size = image->names.count,
					   .sh_addralign = 1,
				   });
	image->header.e_shstrndx = (uint16_t)(image->sections.count - 1);
	image->header.e_shnum = (uint16_t)image->sections.count;
	image->header.e_phnum = (uint16_t)image->segments.count;
	image->header.e_shoff = elf_image_add_bytes(
		image, image->sections.items, image->sections.count * sizeof(Elf64_Shdr));
	if (image->segments.count)
		image->header.e_phoff = elf_image_add_bytes(
			image, image->segments.items, image->segments.count * sizeof(Elf64_Phdr));
	memcpy(image->bytes.items, &image->header, sizeof(image->header));
}

int file_of_bytes(const void *bytes, size_t length)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	if (fd >= 0 && pwrite(fd, bytes, length, 0) != (ssize_t)length) {
		close(fd);
		return -1;
	}
	return fd;
}
