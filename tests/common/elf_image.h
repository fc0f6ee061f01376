/* ELF files made by hand, in memory: for tests that need one with exactly these bytes. elf(5). */
#pragma once

#include <elf.h>
#include <stdint.h>

#include "vec.h"

struct elf_image {
	Elf64_Ehdr header; /* may be changed before elf_image_finish() */
	VEC(uint8_t) bytes;
	VEC(Elf64_Shdr) sections;
	VEC(Elf64_Phdr) segments;
	VEC(char) names;
};

/* A program for amd64 without anything in it. `type`: ET_EXEC, ET_DYN, ET_CORE. */
void elf_image_init(struct elf_image *image, uint16_t type);
void elf_image_deinit(struct elf_image *image);

/* Appends bytes, 16 aligned. Returns their offset in the file. */
uint64_t elf_image_add_bytes(struct elf_image *image, const void *bytes, size_t length);

/* A section with these bytes. The result is valid until the next one is added. */
Elf64_Shdr *elf_image_add_section(struct elf_image *image, const char *name, uint32_t type,
	uint64_t address, const void *bytes, size_t length);

/* A segment of bytes that are in the image. */
Elf64_Phdr *elf_image_add_segment(
	struct elf_image *image, uint32_t type, uint64_t address, uint64_t offset, uint64_t length);

/* Writes the headers. image->bytes is the file then. */
void elf_image_finish(struct elf_image *image);

/* An unnamed file with these bytes, open. */
int file_of_bytes(const void *bytes, size_t length);
