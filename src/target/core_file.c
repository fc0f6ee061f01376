#include "core_file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/procfs.h>
#include <sys/stat.h>

#include "auxv.h"
#include "compressed_file.h"
#include "core_format.h"
#include "core_registers.h"

enum {
	MAX_SEGMENTS = 16 << 20,
	MAX_FILES = 1 << 16,
	MAX_MAPPINGS = 1 << 20,
	MAX_THREADS = 1 << 20,
};

/* Opening must not wait: the path may be that of a FIFO, and a core says where its executable is.
 */
#define FILE_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

static struct error *not_a_core(const char *name, const char *why)
{
	return error_create(
		ERROR_FORMAT, "%s is not a core file that silt can read: %s", name, why);
}

static void parse_thread(struct target *target, struct cursor note)
{
	struct target_thread thread;

	if (target->threads.count < MAX_THREADS &&
		core_registers_parse(target->processor, note, &thread))
		vec_push(&target->threads, thread);
}

/* The notes of a thread follow its NT_PRSTATUS. */
static void parse_thread_pointer(struct target *target, struct cursor note)
{
	if (target->threads.count && cursor_left(&note) >= 8)
		vec_last(&target->threads)->registers.thread_pointer = cursor_u64(&note);
}

static void parse_process_info(struct target *target, struct cursor note)
{
	const uint8_t *info = cursor_take(&note, sizeof(struct elf_prpsinfo));

	if (!info)
		return;
	target->pid = (pid_t)load_u32(info + offsetof(struct elf_prpsinfo, pr_pid));
	const char *name = (const char *)info + offsetof(struct elf_prpsinfo, pr_fname);
	free(target->name);
	target->name = memory_string_n(name, strnlen(name, 16));
}

/* A text that ends with a NUL, malloc()ed; NULL: the end is missing. */
static char *take_text(struct cursor *cursor)
{
	size_t length = strnlen((const char *)cursor->at, cursor_left(cursor));
	const uint8_t *text = cursor_take(cursor, length + 1);

	return text ? memory_string_n((const char *)text, length) : NULL;
}

static void parse_files(struct target *target, struct cursor note)
{
	uint64_t count = cursor_u64(&note), unit = cursor_u64(&note);

	if (note.failed || count > MAX_FILES)
		return;
	struct cursor names = note;
	cursor_take(&names, count * 24);
	for (uint64_t i = 0; i < count && !names.failed; i++) {
		struct mapping mapping = {.protection = PROTECTION_READ};

		mapping.start = cursor_u64(&note);
		mapping.end = cursor_u64(&note);
		mapping.offset = cursor_u64(&note) * unit;
		mapping.path = take_text(&names);
		if (mapping.path && mapping.start < mapping.end)
			vec_push(&target->mappings, mapping);
		else
			free(mapping.path);
	}
}

static void parse_fact(struct target *target, const char *key, const char *value)
{
	struct capture_facts *facts = &target->capture;
	uint64_t number = strtoull(value, NULL, 10);
	const struct {
		const char *key;
		uint64_t *place;
	} numbers[] = {
		{"pause_ns", &facts->pause_ns},
		{"bytes_read", &facts->bytes_read},
		{"copy_ns", &facts->copy_ns},
		{"unread_bytes", &facts->unread_bytes},
		{"monotonic_ns", &facts->monotonic_ns},
		{"uptime_ns", &facts->uptime_ns},
		{"start_ticks", &facts->start_ticks},
		{"memory_limit_bytes", &facts->memory_limit_bytes},
		{"contents", &facts->contents},
	};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (!strcmp(key, numbers[i].key))
			*numbers[i].place = number;
	}
	if (!strcmp(key, "mode"))
		snprintf(facts->mode, sizeof(facts->mode), "%s", value);
	if (!strcmp(key, "boot_id"))
		snprintf(facts->boot_id, sizeof(facts->boot_id), "%s", value);
	if (!strcmp(key, "pid"))
		target->pid = (pid_t)number;
	if (!strcmp(key, "name")) {
		free(target->name);
		target->name = memory_string(value);
	}
}

static void parse_facts(struct target *target, struct cursor note)
{
	size_t length = cursor_left(&note);
	_cleanup_free_ char *text =
		memory_string_n((const char *)cursor_take(&note, length), length);
	char *rest = text;

	target->kind = TARGET_SNAPSHOT;
	for (char *line; (line = strsep(&rest, "\n"));) {
		char *equals = strchr(line, '=');

		if (!equals)
			continue;
		*equals = '\0';
		parse_fact(target, line, equals + 1);
	}
}

static void parse_pieces(struct target *target, struct cursor note)
{
	while (cursor_left(&note) >= 16) {
		addr_t address = cursor_u64(&note);
		uint64_t length = cursor_u64(&note);
		const uint8_t *bytes = cursor_take(&note, length);

		if (!bytes)
			return;
		target_add_segment(target, address, length, bytes);
		cursor_take(&note, MIN((8 - length % 8) % 8, cursor_left(&note)));
	}
}

static void parse_residency(struct target *target, struct cursor note)
{
	struct residency *residency = &target->residency;
	size_t length = cursor_left(&note);

	residency_deinit(residency);
	residency->rss_bytes = cursor_u64(&note);
	uint64_t count = cursor_u64(&note);
	if (note.failed || count > MAX_MAPPINGS)
		return;
	struct cursor names = note;
	cursor_take(&names, count * 24);
	for (uint64_t i = 0; i < count && !names.failed; i++) {
		struct resident_mapping mapping = {0};

		mapping.start = cursor_u64(&note);
		mapping.end = cursor_u64(&note);
		mapping.bytes = cursor_u64(&note);
		mapping.name = take_text(&names);
		if (!mapping.name)
			return;
		vec_push(&residency->mappings, mapping);
	}
	cursor_take(&names, (8 - (length - cursor_left(&names)) % 8) % 8);
	while (cursor_left(&names) >= 16 && !names.failed) {
		addr_t start = cursor_u64(&names);

		ranges_add(&residency->pages, start, cursor_u64(&names));
	}
	ranges_normalise(&residency->pages);
}

static void parse_note(
	struct target *target, const char *owner, uint32_t type, struct cursor contents)
{
	if (!strcmp(owner, SILT_NOTE_OWNER)) {
		if (type == SILT_NOTE_FACTS)
			parse_facts(target, contents);
		if (type == SILT_NOTE_PIECES)
			parse_pieces(target, contents);
		if (type == SILT_NOTE_RESIDENCY)
			parse_residency(target, contents);
		return;
	}
	if (!strcmp(owner, "LINUX") && type == NT_ARM_TLS)
		parse_thread_pointer(target, contents);
	if (strcmp(owner, "CORE") != 0)
		return;
	switch (type) {
	case NT_PRSTATUS:
		parse_thread(target, contents);
		break;
	case NT_PRPSINFO:
		parse_process_info(target, contents);
		break;
	case NT_AUXV:
		auxv_keep(target, contents.at, cursor_left(&contents));
		break;
	case NT_FILE:
		parse_files(target, contents);
		break;
	default:
		break;
	}
}

static void parse_notes(struct target *target, struct cursor notes)
{
	while (cursor_left(&notes) >= sizeof(Elf64_Nhdr)) {
		uint32_t name_size = cursor_u32(&notes);
		uint32_t contents_size = cursor_u32(&notes);
		uint32_t type = cursor_u32(&notes);
		const uint8_t *name = cursor_take(&notes, ((uint64_t)name_size + 3) & ~3ull);
		const uint8_t *contents = cursor_take(&notes, contents_size);
		char owner[16] = {0};

		if (!name || !contents)
			return;
		cursor_take(&notes, MIN((4 - contents_size % 4) % 4, cursor_left(&notes)));
		memcpy(owner, name, MIN(name_size, sizeof(owner) - 1));
		parse_note(target, owner, type, cursor_over(contents, contents_size));
	}
}

struct header_table {
	const uint8_t *bytes;
	uint64_t count;
	enum processor processor;
};

static struct error *find_headers(
	const uint8_t *bytes, size_t length, const char *name, struct header_table *ret)
{
	Elf64_Ehdr header;

	if (length < sizeof(header))
		return not_a_core(name, "it is too short");
	memcpy(&header, bytes, sizeof(header));
	if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
		return not_a_core(name, "it is not an ELF file");
	if (header.e_ident[EI_CLASS] != ELFCLASS64)
		return error_create(ERROR_UNSUPPORTED,
			"%s is of a 32-bit program; silt reads 64-bit Go programs", name);
	if (header.e_type != ET_CORE)
		return not_a_core(name, header.e_type == ET_EXEC || header.e_type == ET_DYN
						? "it is a program; give its pid or a core of it"
						: "its ELF type is not core");
	enum processor processor;
	if (!processor_of_machine(header.e_machine, &processor))
		return error_create(ERROR_UNSUPPORTED,
			"%s is of a machine that silt does not read (ELF machine %u; amd64 is %u, arm64 %u)",
			name, header.e_machine, EM_X86_64, EM_AARCH64);
	uint64_t count = header.e_phnum;
	if (count == PN_XNUM) {
		Elf64_Shdr section;

		if (header.e_shoff > length || length - header.e_shoff < sizeof(section))
			return not_a_core(name, "its section header is cut off");
		memcpy(&section, bytes + header.e_shoff, sizeof(section));
		count = section.sh_info;
	}
	if (header.e_phentsize != sizeof(Elf64_Phdr) || !count || count > MAX_SEGMENTS)
		return not_a_core(name, "its program headers make no sense");
	if (header.e_phoff > length || (length - header.e_phoff) / sizeof(Elf64_Phdr) < count)
		return not_a_core(name, "it is truncated: the program headers are cut off");
	*ret = (struct header_table){bytes + header.e_phoff, count, processor};
	return NULL;
}

struct error *core_file_parse(
	const uint8_t *bytes, size_t length, const char *name, struct target *target)
{
	struct header_table table;
	uint64_t cut_off = 0, notes = 0;

	TRY(find_headers(bytes, length, name, &table));
	target->processor = table.processor;
	for (uint64_t i = 0; i < table.count; i++) {
		Elf64_Phdr header;

		memcpy(&header, table.bytes + i * sizeof(header), sizeof(header));
		if (header.p_type != PT_LOAD && header.p_type != PT_NOTE)
			continue;
		uint64_t there = header.p_offset < length ? length - header.p_offset : 0;
		uint64_t size = MIN(header.p_filesz, there);

		cut_off += header.p_filesz - size;
		if (!size)
			continue;
		if (header.p_type == PT_LOAD)
			target_add_segment(target, header.p_vaddr, size, bytes + header.p_offset);
		else if ((notes += size) > length) /* each is kept in memory */
			return not_a_core(name, "its notes overlap");
		else
			parse_notes(target, cursor_over(bytes + header.p_offset, size));
	}
	target_settle_mappings(target);
	if (cut_off)
		return not_a_core(
			name, "it is truncated: was the disk full, or ulimit -c too small?");
	if (!target->segments.list.count)
		return not_a_core(name, "it has no memory");
	if (!target->capture.mode[0])
		snprintf(target->capture.mode, sizeof(target->capture.mode), "core");
	return NULL;
}

static struct error *map_file(
	struct target *target, int fd, const char *name, const uint8_t **ret, size_t *ret_length)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return error_system("cannot look at %s", name);
	if (!S_ISREG(status.st_mode) || status.st_size <= 0)
		return error_create(ERROR_FORMAT, "%s is not a file with contents", name);
	void *start = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (start == MAP_FAILED)
		return error_system("cannot map %s", name);
	target_add_file(target, start, (size_t)status.st_size);
	*ret = start;
	*ret_length = (size_t)status.st_size;
	return NULL;
}

/* The executable's pages stand in where the core has none. */
static struct error *add_executable_pages(struct target *target, const char *recorded)
{
	const uint8_t *bytes;
	size_t length;

	TRY(map_file(target, target->exe_fd, target->exe_path, &bytes, &length));
	vec_foreach (mapping, &target->mappings) {
		if (strcmp(mapping->path, recorded) != 0 || mapping->offset >= length)
			continue;
		target_add_fallback(target, mapping->start,
			MIN(mapping->end - mapping->start, length - mapping->offset),
			bytes + mapping->offset);
	}
	return NULL;
}

static struct error *open_executable(struct target *target, const char *exe)
{
	const struct mapping *program = target_program_mapping(target);
	const char *path = exe ? exe : program ? program->path : NULL;

	if (!path)
		return NULL;
	target->exe_fd = open(path, FILE_FLAGS);
	if (target->exe_fd < 0 && exe)
		return error_system("cannot open the executable %s", exe);
	target->exe_path = memory_string(path);
	if (target->exe_fd < 0 || !program)
		return NULL; /* the caller finds out whether it can do without */
	struct error *error = add_executable_pages(target, program->path);
	if (!error || exe)
		return error;
	error_destroy(error); /* what is there now is no file */
	close(take_fd(target->exe_fd));
	return NULL;
}

/* Puts the contents in the place of a compressed file. */
static struct error *expand_compressed(int *fd, const char *name)
{
	int expanded;

	if (!compressed_file_is(*fd))
		return NULL;
	TRY(compressed_file_expand(*fd, name, &expanded));
	close(*fd);
	*fd = expanded;
	return NULL;
}

struct error *core_file_open_fd(int fd, const char *name, const char *exe, struct target **ret)
{
	_cleanup_close_ int owned = fd;
	_cleanup_(cleanup_target) struct target *target = target_create(TARGET_CORE);
	const uint8_t *bytes;
	size_t length;

	TRY(expand_compressed(&owned, name));
	TRY(map_file(target, owned, name, &bytes, &length));
	TRY(core_file_parse(bytes, length, name, target));
	TRY(open_executable(target, exe));
	target_freeze_segments(target);
	*ret = take_pointer(target);
	return NULL;
}

struct error *core_file_open(const char *path, const char *exe, struct target **ret)
{
	int fd = open(path, FILE_FLAGS);

	if (fd < 0)
		return error_system("cannot open %s", path);
	return core_file_open_fd(fd, path, exe, ret);
}
