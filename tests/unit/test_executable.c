/* Program files: made by hand, cut off anywhere, and with headers that lie. */
#include "check.h"

#include <fcntl.h>

#include "bytes.h"
#include "debuginfo.h"
#include "elf_image.h"
#include "executable.h"
#include "random.h"
#include "symbols.h"

enum {
	TEXT = 0x401000,
	DATA = 0x500000,
	TEXT_BYTES = 64,
	FILES_OF_RANDOM_WORDS = 3000,
};

static const char BUILDINFO[48] = "\xff Go buildinf:\x08\x02"
				  "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
				  "\x08go1.26.1";

static void add_symbols(struct elf_image *image)
{
	static const char names[] = "\0runtime.mheap_\0main.f\0main.undefined\0runtime.allgs";
	const Elf64_Sym symbols[] = {
		{0},
		{.st_name = 1,
			.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT),
			.st_shndx = 1,
			.st_value = DATA + 64,
			.st_size = 32},
		{.st_name = 16,
			.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
			.st_shndx = 1,
			.st_value = TEXT,
			.st_size = 16},
		{.st_name = 23,
			.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT),
			.st_shndx = SHN_UNDEF,
			.st_value = DATA},
		{.st_name = 38,
			.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT),
			.st_shndx = 1,
			.st_value = DATA + 8,
			.st_size = 24},
		{.st_name = 0xffffff,
			.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT),
			.st_shndx = 1,
			.st_value = DATA + 200}, /* its name is outside */
	};

	elf_image_add_section(image, ".strtab", SHT_STRTAB, 0, names, sizeof(names));
	uint32_t strings = (uint32_t)image->sections.count - 1;
	Elf64_Shdr *section =
		elf_image_add_section(image, ".symtab", SHT_SYMTAB, 0, symbols, sizeof(symbols));
	section->sh_link = strings;
	section->sh_entsize = sizeof(Elf64_Sym);
}

static void make_program(struct elf_image *image, uint16_t type, const char *buildinfo)
{
	uint8_t text[TEXT_BYTES];

	elf_image_init(image, type);
	memset(text, 0xcc, sizeof(text));
	uint64_t at = elf_image_add_section(image, ".text", SHT_PROGBITS, TEXT, text, sizeof(text))
			      ->sh_offset;
	elf_image_add_segment(image, PT_LOAD, TEXT, at, sizeof(text));
	at = elf_image_add_section(
		image, ".go.buildinfo", SHT_PROGBITS, DATA, buildinfo, sizeof(BUILDINFO))
		     ->sh_offset;
	elf_image_add_segment(image, PT_LOAD, DATA, at, sizeof(BUILDINFO));
	add_symbols(image);
	image->header.e_entry = TEXT;
}

/* A core whose executable is this file. */
static struct target *target_with(const void *bytes, size_t length)
{
	struct target *target = target_create(TARGET_CORE);

	target->exe_fd = file_of_bytes(bytes, length);
	target->exe_path = memory_string("prog");
	assert_true(target->exe_fd >= 0);
	return target;
}

static struct error *open_bytes(const void *bytes, size_t length)
{
	struct target *target = target_with(bytes, length);
	struct executable *executable;
	struct error *error = executable_open(target, &executable);

	if (!error)
		executable_destroy(executable);
	target_destroy(target);
	return error;
}

static struct error *open_image(struct elf_image *image)
{
	elf_image_finish(image);
	struct error *error = open_bytes(image->bytes.items, image->bytes.count);
	elf_image_deinit(image);
	return error;
}

static void test_program(void **state)
{
	struct elf_image image;
	struct executable *executable;
	struct section section;

	(void)state;
	make_program(&image, ET_EXEC, BUILDINFO);
	elf_image_finish(&image);
	struct target *target = target_with(image.bytes.items, image.bytes.count);
	assert_success(executable_open(target, &executable));
	assert_string_equal(executable->go_version, "go1.26.1");
	assert_null(executable->main_path);
	assert_true(executable->has_symbols);
	assert_false(executable->has_dwarf);
	assert_false(executable->position_independent);
	assert_int_equal(executable->bias, 0);
	assert_true(executable_section(executable, ".text", &section));
	assert_int_equal(section.address, TEXT);
	assert_int_equal(section.length, TEXT_BYTES);
	assert_int_equal(section.bytes[0], 0xcc);
	assert_false(executable_section(executable, ".nothing", &section));
	executable_destroy(executable);
	target_destroy(target);
	elf_image_deinit(&image);
}

static void test_view_is_bounded(void **state)
{
	struct elf_image image;
	struct executable *executable;

	(void)state;
	make_program(&image, ET_EXEC, BUILDINFO);
	elf_image_finish(&image);
	struct target *target = target_with(image.bytes.items, image.bytes.count);
	assert_success(executable_open(target, &executable));
	assert_non_null(executable_view(executable, TEXT, TEXT_BYTES));
	assert_non_null(executable_view(executable, TEXT + TEXT_BYTES - 1, 1));
	assert_null(executable_view(executable, TEXT, TEXT_BYTES + 1));
	assert_null(executable_view(executable, TEXT + 1, TEXT_BYTES));
	assert_null(executable_view(executable, TEXT - 1, 2));
	assert_null(executable_view(executable, TEXT + TEXT_BYTES, 1));
	assert_null(executable_view(executable, TEXT, SIZE_MAX));
	assert_null(executable_view(executable, UINT64_MAX - 7, 16));
	executable_destroy(executable);
	target_destroy(target);
	elf_image_deinit(&image);
}

static void test_symbols(void **state)
{
	struct elf_image image;
	struct executable *executable;
	struct symbols symbols;

	(void)state;
	make_program(&image, ET_EXEC, BUILDINFO);
	elf_image_finish(&image);
	struct target *target = target_with(image.bytes.items, image.bytes.count);
	assert_success(executable_open(target, &executable));
	symbols_read(executable, &symbols);
	assert_int_equal(symbols.data.count, 2); /* no function, nothing undefined, no bad name */
	assert_int_equal(symbols_address(&symbols, "runtime.mheap_"), DATA + 64);
	assert_int_equal(symbols_address(&symbols, "runtime.allgs"), DATA + 8);
	assert_int_equal(symbols_address(&symbols, "main.undefined"), 0);
	assert_string_equal(symbols_find(&symbols, DATA + 64 + 31)->name, "runtime.mheap_");
	assert_null(symbols_find(&symbols, DATA + 64 + 32));
	assert_null(symbols_find(&symbols, DATA + 7));
	assert_string_equal(symbols_find(&symbols, DATA + 8)->name, "runtime.allgs");
	symbols_deinit(&symbols);
	executable_destroy(executable);
	target_destroy(target);
	elf_image_deinit(&image);
}

/* Where it was loaded follows from the entry, or better from the program headers. */
static void test_position_independent(void **state)
{
	enum { BIAS = 0x10000000 };
	struct elf_image image;
	struct executable *executable;

	(void)state;
	make_program(&image, ET_DYN, BUILDINFO);
	elf_image_finish(&image);
	struct target *target = target_with(image.bytes.items, image.bytes.count);
	assert_error(executable_open(target, &executable), ERROR_FORMAT); /* nothing known */
	target->entry = TEXT + BIAS;
	assert_success(executable_open(target, &executable));
	assert_true(executable->position_independent);
	assert_int_equal(executable->bias, BIAS);
	assert_non_null(executable_view(executable, TEXT + BIAS, TEXT_BYTES));
	assert_null(executable_view(executable, TEXT, TEXT_BYTES));
	executable_destroy(executable);
	target_destroy(target);
	elf_image_deinit(&image);

	make_program(&image, ET_DYN, BUILDINFO);
	elf_image_add_segment(&image, PT_PHDR, 0x400040, 64, 0);
	elf_image_finish(&image);
	target = target_with(image.bytes.items, image.bytes.count);
	target->entry = 1; /* a lie that must not matter */
	target->program_headers = 0x400040 + 2 * (addr_t)BIAS;
	assert_success(executable_open(target, &executable));
	assert_int_equal(executable->bias, 2 * (addr_t)BIAS);
	executable_destroy(executable);
	target_destroy(target);
	elf_image_deinit(&image);
}

static void test_what_is_refused(void **state)
{
	static const char nothing[sizeof(BUILDINFO)];
	struct elf_image image;

	(void)state;
	make_program(&image, ET_EXEC, BUILDINFO);
	image.header.e_machine = EM_AARCH64; /* the target is of amd64 */
	assert_error(open_image(&image), ERROR_FORMAT);
	make_program(&image, ET_EXEC, BUILDINFO);
	image.header.e_machine = EM_RISCV;
	assert_error(open_image(&image), ERROR_UNSUPPORTED);
	make_program(&image, ET_REL, BUILDINFO);
	assert_error(open_image(&image), ERROR_FORMAT);
	make_program(&image, ET_EXEC, nothing);
	assert_error(open_image(&image), ERROR_NOT_GO);
	assert_error(open_bytes("#!/bin/sh\n", 10), ERROR_FORMAT);
	assert_error(open_bytes("", 0), ERROR_FORMAT);
	assert_error(open_bytes("!<arch>\nxxxxxxxxxxxxxxxxxxxx", 28), ERROR_FORMAT);
}

/* A 32-bit program has other headers, so it is not made by changing one byte. */
static void test_32_bit(void **state)
{
	const Elf32_Ehdr header = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB,
			EV_CURRENT},
		.e_type = ET_EXEC,
		.e_machine = EM_386,
		.e_version = EV_CURRENT,
		.e_ehsize = sizeof(header),
	};

	(void)state;
	assert_error(open_bytes(&header, sizeof(header)), ERROR_UNSUPPORTED);
}

/* Without section headers the build information is found by its magic. */
static void test_without_sections(void **state)
{
	struct elf_image image;

	(void)state;
	make_program(&image, ET_EXEC, BUILDINFO);
	elf_image_finish(&image);
	Elf64_Ehdr *header = (Elf64_Ehdr *)(void *)image.bytes.items;
	header->e_shoff = 0;
	header->e_shnum = header->e_shstrndx = 0;
	assert_success(open_bytes(image.bytes.items, image.bytes.count));
	elf_image_deinit(&image);
}

/* Everything that can be asked of a file, to see that nothing is read outside of it. */
static void ask_everything(const void *bytes, size_t length)
{
	struct target *target = target_with(bytes, length);
	struct executable *executable;
	struct section section;
	struct error *error = executable_open(target, &executable);

	if (error) {
		error_destroy(error);
		target_destroy(target);
		return;
	}
	struct symbols symbols;
	struct debuginfo *debuginfo;

	if (executable_section(executable, ".text", &section) && section.length)
		assert_in_range(section.length, 0, length);
	symbols_read(executable, &symbols);
	symbols_find(&symbols, DATA + 64);
	symbols_deinit(&symbols);
	error = debuginfo_open(executable, &debuginfo);
	if (error)
		error_destroy(error);
	else
		debuginfo_destroy(debuginfo);
	executable_destroy(executable);
	target_destroy(target);
}

static void test_truncated(void **state)
{
	struct elf_image image;

	(void)state;
	make_program(&image, ET_EXEC, BUILDINFO);
	elf_image_finish(&image);
	for (size_t length = 0; length <= image.bytes.count; length++)
		ask_everything(image.bytes.items, length);
	elf_image_deinit(&image);
}

/* Headers with words that lie: sizes and offsets that are too large, overflow, or overlap. */
static void test_hostile_headers(void **state)
{
	static const uint64_t lies[] = {0, 1, 0x7fffffff, 0xffffffff, 0x100000000, INT64_MAX,
		UINT64_MAX, UINT64_MAX - 63, 4096, 65535};
	struct elf_image image;
	struct random random = random_from(4);

	(void)state;
	make_program(&image, ET_EXEC, BUILDINFO);
	elf_image_finish(&image);
	uint8_t *bytes = memory_alloc(image.bytes.count);
	for (unsigned step = 0; step < FILES_OF_RANDOM_WORDS; step++) {
		memcpy(bytes, image.bytes.items, image.bytes.count);
		for (unsigned i = 1 + random_below(&random, 4); i; i--) {
			uint64_t lie = lies[random_below(&random, ARRAY_SIZE(lies))];
			size_t size = (size_t)1 << (1 + random_below(&random, 3));
			size_t at = image.header.e_shoff +
				    random_below(&random, (uint32_t)(image.bytes.count -
								     image.header.e_shoff - 8)) /
					    size * size;

			if (random_below(&random, 4) == 0)
				at = 24 + random_below(&random, 40) / size * size; /* ELF header */
			memcpy(bytes + at, &lie, size);
		}
		ask_everything(bytes, image.bytes.count);
	}
	free(bytes);
	elf_image_deinit(&image);
}

static void test_belongs(void **state)
{
	static const char note[] = "\4\0\0\0\x10\0\0\0\1\0\0\0Go\0\0build id sixteen";
	enum { NOTE = 0x400f00 };
	uint8_t captured[sizeof(note)];
	struct elf_image image;
	struct executable *executable;

	(void)state;
	make_program(&image, ET_EXEC, BUILDINFO);
	uint64_t at = elf_image_add_bytes(&image, note, sizeof(note));
	elf_image_add_segment(&image, PT_NOTE, NOTE, at, sizeof(note));
	elf_image_finish(&image);
	for (unsigned differs = 0; differs < 3; differs++) {
		struct target *target = target_with(image.bytes.items, image.bytes.count);

		memcpy(captured, note, sizeof(note));
		captured[20] ^= differs == 1;
		if (differs < 2) /* else the core does not have it */
			target_add_segment(target, NOTE, sizeof(captured), captured);
		target_freeze_segments(target);
		assert_success(executable_open(target, &executable));
		struct error *error = executable_check_belongs(executable, target);
		if (differs == 1)
			assert_error(error, ERROR_FORMAT);
		else
			assert_success(error);
		executable_destroy(executable);
		target_destroy(target);
	}
	elf_image_deinit(&image);
}

/* A real program of a real linker; only not of Go. */
static void test_program_of_c(void **state)
{
	struct target *target = target_create(TARGET_CORE);
	struct executable *executable;

	(void)state;
	target->exe_fd = open("/bin/sh", O_RDONLY | O_CLOEXEC);
	target->entry = 0x1000;
	assert_error(executable_open(target, &executable), ERROR_NOT_GO);
	target_destroy(target);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_program),
		cmocka_unit_test(test_view_is_bounded),
		cmocka_unit_test(test_symbols),
		cmocka_unit_test(test_position_independent),
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_32_bit),
		cmocka_unit_test(test_without_sections),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_hostile_headers),
		cmocka_unit_test(test_belongs),
		cmocka_unit_test(test_program_of_c),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
