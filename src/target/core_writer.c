#include "core_writer.h"

#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/procfs.h>

#include "core_format.h"
#include "core_registers.h"
#include "write_at.h"

/* Everything behind the memory is put together here and written at once. */
struct output {
	VEC(uint8_t) bytes;
};

static void put(struct output *output, const void *bytes, size_t length)
{
	vec_reserve(&output->bytes, output->bytes.count + length);
	if (length)
		memcpy(output->bytes.items + output->bytes.count, bytes, length);
	output->bytes.count += length;
}

static void put_padding(struct output *output, size_t alignment)
{
	static const uint8_t zeros[16];
	size_t over = output->bytes.count % alignment;

	if (over)
		put(output, zeros, alignment - over);
}

static void put_u64(struct output *output, uint64_t value)
{
	put(output, &value, sizeof(value));
}

static void put_note(
	struct output *output, const char *owner, uint32_t type, const void *bytes, size_t length)
{
	Elf64_Nhdr header = {
		.n_namesz = (uint32_t)strlen(owner) + 1,
		.n_descsz = (uint32_t)length,
		.n_type = type,
	};

	put(output, &header, sizeof(header));
	put(output, owner, header.n_namesz);
	put_padding(output, 4);
	put(output, bytes, length);
	put_padding(output, 4);
}

static void put_process_info(struct output *output, const struct target *target)
{
	struct elf_prpsinfo info = {.pr_pid = target->pid, .pr_sname = 'R'};

	snprintf(info.pr_fname, sizeof(info.pr_fname), "%s", target->name);
	snprintf(info.pr_psargs, sizeof(info.pr_psargs), "%s", target->name);
	put_note(output, "CORE", NT_PRPSINFO, &info, sizeof(info));
}

static void put_thread(
	struct output *output, const struct target *target, const struct target_thread *thread)
{
	uint8_t status[CORE_STATUS_MAX_BYTES];
	size_t length = core_registers_put(target->processor, thread, target->pid, status);

	put_note(output, "CORE", NT_PRSTATUS, status, length);
	if (target->processor == PROCESSOR_ARM64)
		put_note(output, "LINUX", NT_ARM_TLS, &thread->registers.thread_pointer,
			sizeof(thread->registers.thread_pointer));
}

static void put_files(struct output *output, const struct target *target)
{
	struct output note = {0};
	uint64_t count = 0;

	vec_foreach (mapping, &target->mappings)
		count += mapping->path[0] == '/';
	put_u64(&note, count);
	put_u64(&note, OS_PAGE); /* the unit of the offsets below */
	vec_foreach (mapping, &target->mappings) {
		if (mapping->path[0] != '/')
			continue;
		put_u64(&note, mapping->start);
		put_u64(&note, mapping->end);
		put_u64(&note, mapping->offset / OS_PAGE);
	}
	vec_foreach (mapping, &target->mappings) {
		if (mapping->path[0] == '/')
			put(&note, mapping->path, strlen(mapping->path) + 1);
	}
	put_note(output, "CORE", NT_FILE, note.bytes.items, note.bytes.count);
	vec_deinit(&note.bytes);
}

static void put_facts(struct output *output, const struct target *target)
{
	const struct capture_facts *facts = &target->capture;
	_cleanup_free_ char *text = memory_format(
		"mode=%s\npause_ns=%" PRIu64 "\nbytes_read=%" PRIu64 "\ncopy_ns=%" PRIu64
		"\nunread_bytes=%" PRIu64 "\nmonotonic_ns=%" PRIu64 "\nuptime_ns=%" PRIu64
		"\nstart_ticks=%" PRIu64 "\nboot_id=%s\nmemory_limit_bytes=%" PRIu64
		"\ncontents=%" PRIu64 "\npid=%d\nname=%s\n",
		facts->mode, facts->pause_ns, facts->bytes_read, facts->copy_ns,
		facts->unread_bytes, facts->monotonic_ns, facts->uptime_ns, facts->start_ticks,
		facts->boot_id, facts->memory_limit_bytes, facts->contents, target->pid,
		target->name);

	put_note(output, SILT_NOTE_OWNER, SILT_NOTE_FACTS, text, strlen(text));
}

static void put_pieces(struct output *output, const struct pieces *pieces)
{
	struct output note = {0};

	vec_foreach (piece, &pieces->list) {
		if (!piece->length)
			continue;
		put_u64(&note, piece->address);
		put_u64(&note, piece->length);
		put(&note, piece->bytes, piece->length);
		put_padding(&note, 8);
	}
	put_note(output, SILT_NOTE_OWNER, SILT_NOTE_PIECES, note.bytes.items, note.bytes.count);
	vec_deinit(&note.bytes);
}

static void put_residency(struct output *output, const struct residency *residency)
{
	struct output note = {0};

	put_u64(&note, residency->rss_bytes);
	put_u64(&note, residency->mappings.count);
	vec_foreach (mapping, &residency->mappings) {
		put_u64(&note, mapping->start);
		put_u64(&note, mapping->end);
		put_u64(&note, mapping->bytes);
	}
	vec_foreach (mapping, &residency->mappings)
		put(&note, mapping->name, strlen(mapping->name) + 1);
	put_padding(&note, 8);
	vec_foreach (range, &residency->pages.list) {
		put_u64(&note, range->start);
		put_u64(&note, range->end);
	}
	put_note(output, SILT_NOTE_OWNER, SILT_NOTE_RESIDENCY, note.bytes.items, note.bytes.count);
	vec_deinit(&note.bytes);
}

static void put_notes(struct output *output, const struct core_contents *contents)
{
	put_process_info(output, contents->target);
	vec_foreach (thread, &contents->target->threads)
		put_thread(output, contents->target, thread);
	put_note(output, "CORE", NT_AUXV, contents->target->auxv, contents->target->auxv_length);
	put_files(output, contents->target);
	put_facts(output, contents->target);
	put_residency(output, &contents->target->residency);
	put_pieces(output, contents->pieces);
}

static uint32_t segment_flags(const struct target *target, addr_t address)
{
	const struct mapping *mapping = target_mapping(target, address);

	if (!mapping)
		return PF_R | PF_W;
	return (uint32_t)((mapping->protection & PROTECTION_READ ? PF_R : 0) |
			  (mapping->protection & PROTECTION_WRITE ? PF_W : 0) |
			  (mapping->protection & PROTECTION_EXECUTE ? PF_X : 0));
}

static size_t put_load_headers(struct output *output, const struct core_contents *contents)
{
	struct placements there = {0};

	spool_contents(contents->spool, &there);
	vec_foreach (part, &there.list) {
		Elf64_Phdr header = {
			.p_type = PT_LOAD,
			.p_flags = segment_flags(contents->target, part->start),
			.p_offset = part->offset,
			.p_vaddr = part->start,
			.p_filesz = part->end - part->start,
			.p_memsz = part->end - part->start,
			.p_align = OS_PAGE,
		};

		put(output, &header, sizeof(header));
	}
	size_t count = there.list.count;
	vec_deinit(&there.list);
	return count;
}

static Elf64_Ehdr elf_header(
	enum processor processor, uint64_t headers_at, size_t header_count, uint64_t section_at)
{
	bool many = header_count >= PN_XNUM;

	return (Elf64_Ehdr){
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			EV_CURRENT},
		.e_type = ET_CORE,
		.e_machine = processor_machine(processor),
		.e_version = EV_CURRENT,
		.e_phoff = headers_at,
		.e_shoff = many ? section_at : 0,
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = many ? PN_XNUM : (uint16_t)header_count,
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = many ? 1 : 0,
	};
}

struct error *core_write_headers(int fd, const struct core_contents *contents)
{
	struct output output = {0};
	uint64_t base = contents->spool->end;

	put_notes(&output, contents);
	Elf64_Phdr note_header = {
		.p_type = PT_NOTE, .p_offset = base, .p_filesz = output.bytes.count, .p_align = 4};
	put_padding(&output, 8);
	uint64_t headers_at = base + output.bytes.count;
	put(&output, &note_header, sizeof(note_header));
	size_t count = 1 + put_load_headers(&output, contents);
	uint64_t section_at = base + output.bytes.count;
	/* More headers than e_phnum can count: the real number is in section 0 (elf(5), PN_XNUM).
	 */
	Elf64_Shdr section = {.sh_info = (uint32_t)count};
	if (count >= PN_XNUM)
		put(&output, &section, sizeof(section));

	Elf64_Ehdr header = elf_header(contents->target->processor, headers_at, count, section_at);
	struct error *error =
		write_at(fd, output.bytes.items, output.bytes.count, base, "the core file");
	if (!error)
		error = write_at(fd, &header, sizeof(header), 0, "the core file");
	vec_deinit(&output.bytes);
	return error;
}
