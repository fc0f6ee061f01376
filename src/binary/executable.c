#include "executable.h"

#include <errno.h>
#include <gelf.h>
#include <string.h>

#include "buildinfo.h"
#include "bytes.h"
#include "elf_parts.h"

static struct error *check_header(
	const char *path, const GElf_Ehdr *header, const struct target *target)
{
	enum processor processor;

	if (header->e_ident[EI_CLASS] != ELFCLASS64)
		return error_create(ERROR_UNSUPPORTED,
			"%s is a 32-bit program; silt reads 64-bit Go programs", path);
	if (!processor_of_machine(header->e_machine, &processor))
		return error_create(ERROR_UNSUPPORTED,
			"%s is for another machine (ELF machine %u); silt reads amd64, and cores of arm64",
			path, header->e_machine);
	if (processor != target->processor)
		return error_create(ERROR_FORMAT,
			"%s is an %s program, and the %s is of %s: give the right one with --exe=FILE",
			path, processor_name(processor),
			target->kind == TARGET_PROCESS ? "process" : "core",
			processor_name(target->processor));
	if (header->e_type != ET_EXEC && header->e_type != ET_DYN)
		return error_create(ERROR_FORMAT, "%s is not a program", path);
	return NULL;
}

bool executable_section(const struct executable *executable, const char *name, struct section *ret)
{
	GElf_Shdr header;

	if (!elf_section_named(executable->elf, name, &header) || header.sh_type == SHT_NOBITS ||
		header.sh_offset > executable->length ||
		header.sh_size > executable->length - header.sh_offset)
		return false;
	*ret = (struct section){
		.address = header.sh_addr ? header.sh_addr + executable->bias : 0,
		.bytes = executable->bytes + header.sh_offset,
		.length = header.sh_size,
	};
	return true;
}

/* Calls `visit` for the program headers of a type until it returns true. */
static bool each_program_header(const struct executable *executable, uint32_t type,
	bool (*visit)(const struct executable *, const GElf_Phdr *, void *), void *context)
{
	size_t count = 0;

	if (elf_getphdrnum(executable->elf, &count) < 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr header;

		if (!gelf_getphdr(executable->elf, (int)i, &header) || header.p_type != type)
			continue;
		if (header.p_offset > executable->length)
			continue;
		header.p_filesz = MIN(header.p_filesz, executable->length - header.p_offset);
		if (visit(executable, &header, context))
			return true;
	}
	return false;
}

struct view_query {
	addr_t address;
	size_t length;
	const uint8_t *found;
};

static bool visit_view(const struct executable *executable, const GElf_Phdr *header, void *context)
{
	struct view_query *query = context;
	addr_t start = header->p_vaddr + executable->bias;

	if (query->address < start || query->address - start > header->p_filesz ||
		header->p_filesz - (query->address - start) < query->length)
		return false;
	query->found = executable->bytes + header->p_offset + (query->address - start);
	return true;
}

const uint8_t *executable_view(const struct executable *executable, addr_t address, size_t length)
{
	struct view_query query = {.address = address, .length = length};

	each_program_header(executable, PT_LOAD, visit_view, &query);
	return query.found;
}

static bool visit_lend(const struct executable *executable, const GElf_Phdr *header, void *context)
{
	if (!(header->p_flags & PF_W))
		target_add_fallback(context, header->p_vaddr + executable->bias, header->p_filesz,
			executable->bytes + header->p_offset);
	return false;
}

void executable_lend_pages(const struct executable *executable, struct target *target)
{
	each_program_header(executable, PT_LOAD, visit_lend, target);
	target_freeze_segments(target);
}

enum { MAPPING_PAGE = 4096 };

static bool visit_mapping(
	const struct executable *executable, const GElf_Phdr *header, void *context)
{
	struct target *target = context;
	const addr_t page = MAPPING_PAGE, start = header->p_vaddr + executable->bias;
	struct mapping mapping = {
		.start = start & ~(page - 1),
		.end = (start + header->p_filesz + page - 1) & ~(page - 1),
		.offset = header->p_offset & ~(page - 1),
		.protection = (uint8_t)(PROTECTION_READ |
					(header->p_flags & PF_W ? PROTECTION_WRITE : 0) |
					(header->p_flags & PF_X ? PROTECTION_EXECUTE : 0)),
	};

	if (mapping.start >= mapping.end)
		return false;
	_cleanup_free_ char *path = realpath(executable->path, NULL); /* mappings have no others */
	mapping.path = memory_string(path ? path : executable->path);
	vec_push(&target->mappings, mapping);
	return false;
}

void executable_add_mappings(const struct executable *executable, struct target *target)
{
	each_program_header(executable, PT_LOAD, visit_mapping, target);
}

static bool visit_data_end(
	const struct executable *executable, const GElf_Phdr *header, void *context)
{
	addr_t *end = context;

	if (header->p_flags & PF_W)
		*end = MAX(*end, header->p_vaddr + header->p_memsz + executable->bias);
	return false;
}

addr_t executable_data_end(const struct executable *executable)
{
	addr_t end = 0;

	each_program_header(executable, PT_LOAD, visit_data_end, &end);
	return end;
}

static bool visit_take_address(
	const struct executable *executable, const GElf_Phdr *header, void *context)
{
	(void)executable;
	*(addr_t *)context = header->p_vaddr;
	return true;
}

/* Position-independent programs: where the kernel put the program headers or the entry tells. */
static struct error *find_bias(struct executable *executable, const struct target *target)
{
	GElf_Ehdr header;
	addr_t headers_at = 0;

	gelf_getehdr(executable->elf, &header);
	executable->position_independent = header.e_type == ET_DYN;
	if (!executable->position_independent)
		return NULL;
	each_program_header(executable, PT_PHDR, visit_take_address, &headers_at);
	if (headers_at && target->program_headers)
		executable->bias = target->program_headers - headers_at;
	else if (target->entry)
		executable->bias = target->entry - header.e_entry;
	else
		return error_create(ERROR_FORMAT,
			"cannot tell where %s was loaded: the core has no auxiliary vector",
			executable->path);
	return NULL;
}

static struct error *read_build_information(struct executable *executable)
{
	struct section section;
	struct buildinfo info = {0};
	GElf_Shdr header;
	bool found = executable_section(executable, ".go.buildinfo", &section) &&
		     buildinfo_parse(section.bytes, section.length, &info);

	/* Without section headers: the linker puts it at the start of the data segment, aligned. */
	if (!found)
		found = buildinfo_search(executable->bytes, executable->length, &info);
	if (!found && elf_section_named(executable->elf, ".go.buildinfo", &header) &&
		header.sh_type == SHT_NOBITS)
		return error_create(ERROR_FORMAT,
			"%s is a debug file: give the program itself with --exe, which finds its debug file (see DEBUG FILES in silt(1))",
			executable->path);
	if (!found)
		return error_create(ERROR_NOT_GO,
			"%s is not a Go program (it has no Go build information)",
			executable->path);
	executable->go_version = info.version;
	executable->main_path = info.main_path;
	return NULL;
}

static void look_for_names(struct executable *executable, Elf *names)
{
	GElf_Shdr header;

	executable->names = names;
	executable->has_symbols = elf_section_named(names, ".symtab", &header);
	executable->has_dwarf = elf_section_named(names, ".debug_info", &header) ||
				elf_section_named(names, ".zdebug_info", &header);
}

void executable_take_names(struct executable *executable, Elf *names, const char *path)
{
	executable->names_path = memory_string(path);
	look_for_names(executable, names);
}

struct error *executable_open(const struct target *target, struct executable **ret)
{
	_cleanup_(cleanup_executable) struct executable *executable =
		memory_alloc(sizeof(*executable));
	GElf_Ehdr header;

	executable->path = memory_string(target->exe_path ? target->exe_path : "the executable");
	if (target->exe_fd < 0)
		return error_create(ERROR_FORMAT,
			"the executable of this core was not found%s%s: give it with --exe=FILE",
			target->exe_path ? " at " : "", target->exe_path ? target->exe_path : "");
	elf_version(EV_CURRENT);
	executable->elf = elf_begin(target->exe_fd, ELF_C_READ_MMAP, NULL);
	if (!executable->elf || elf_kind(executable->elf) != ELF_K_ELF ||
		!gelf_getehdr(executable->elf, &header))
		return error_create(ERROR_FORMAT, "%s is not an ELF program", executable->path);
	TRY(check_header(executable->path, &header, target));
	executable->processor = target->processor;
	executable->bytes = (const uint8_t *)elf_rawfile(executable->elf, &executable->length);
	if (!executable->bytes)
		return error_create(ERROR_FORMAT, "cannot read %s", executable->path);
	TRY(find_bias(executable, target));
	TRY(read_build_information(executable));
	look_for_names(executable, executable->elf);
	executable->stripped = !executable->has_symbols && !executable->has_dwarf;
	*ret = take_pointer(executable);
	return NULL;
}

void executable_destroy(struct executable *executable)
{
	if (!executable)
		return;
	if (executable->names != executable->elf)
		elf_end(executable->names);
	elf_end(executable->elf);
	free(executable->path);
	free(executable->names_path);
	free(executable->go_version);
	free(executable->main_path);
	free(executable);
}

/* True when a note of the file differs from what the core captured at its place. */
static bool visit_note_differs(
	const struct executable *executable, const GElf_Phdr *header, void *context)
{
	const struct target *target = context;
	const uint8_t *captured =
		target_view_captured(target, header->p_vaddr + executable->bias, header->p_filesz);

	return captured &&
	       memcmp(captured, executable->bytes + header->p_offset, header->p_filesz) != 0;
}

struct error *executable_check_belongs(
	const struct executable *executable, const struct target *target)
{
	if (each_program_header(executable, PT_NOTE, visit_note_differs, (void *)(uintptr_t)target))
		return error_create(ERROR_FORMAT,
			"%s is not the program that made this core (build ids differ): give the right one with --exe=FILE",
			executable->path);
	return NULL;
}
