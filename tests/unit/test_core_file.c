/* Core files: those that silt writes are read back; those made by hand lie in every way. */
#include "check.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/procfs.h>
#include <sys/stat.h>

#include "auxv.h"
#include "bytes.h"
#include "core_file.h"
#include "core_format.h"
#include "core_writer.h"
#include "elf_image.h"
#include "random.h"

enum {
	MEMORY = 0xc000000000,
	PROGRAM = 0x400000,
	BYTES = 64,
	PAGE = 4096,
	HOSTILE_FILES = 5000,
};

struct note_bytes {
	VEC(uint8_t) list;
};

static void put(struct note_bytes *notes, const void *bytes, size_t length)
{
	vec_reserve(&notes->list, notes->list.count + length);
	if (length)
		memcpy(notes->list.items + notes->list.count, bytes, length);
	notes->list.count += length;
}

static void put_note(struct note_bytes *notes, const char *owner, uint32_t type, const void *bytes,
	size_t length)
{
	const uint32_t header[3] = {(uint32_t)strlen(owner) + 1, (uint32_t)length, type};

	put(notes, header, sizeof(header));
	put(notes, owner, header[0]);
	put(notes, "\0\0\0", (4 - header[0] % 4) % 4);
	put(notes, bytes, length);
	put(notes, "\0\0\0", (4 - length % 4) % 4);
}

/* A core with one segment, and these notes. */
static void make_core(struct elf_image *image, struct note_bytes *notes)
{
	uint8_t bytes[BYTES];

	memset(bytes, 0x5a, sizeof(bytes));
	elf_image_init(image, ET_CORE);
	uint64_t at = elf_image_add_bytes(image, bytes, sizeof(bytes));
	elf_image_add_segment(image, PT_LOAD, MEMORY, at, sizeof(bytes));
	at = elf_image_add_bytes(image, notes->list.items, notes->list.count);
	elf_image_add_segment(image, PT_NOTE, 0, at, notes->list.count);
	vec_deinit(&notes->list);
}

/* Parses a copy that ends where its allocation ends. The copy must outlive the target. */
static struct error *parse_bytes(
	const void *bytes, size_t length, struct target **ret, uint8_t **ret_copy)
{
	*ret = target_create(TARGET_CORE);
	*ret_copy = memory_alloc(length);
	memcpy(*ret_copy, bytes, length);
	struct error *error = core_file_parse(*ret_copy, length, "core", *ret);
	if (error) {
		target_destroy(*ret);
		free(*ret_copy);
	} else {
		target_freeze_segments(*ret);
	}
	return error;
}

static struct error *parse_image(struct elf_image *image, struct target **ret, uint8_t **ret_copy)
{
	elf_image_finish(image);
	struct error *error = parse_bytes(image->bytes.items, image->bytes.count, ret, ret_copy);
	elf_image_deinit(image);
	return error;
}

static void destroy(struct target *target, uint8_t *copy)
{
	target_destroy(target);
	free(copy);
}

/* arch/arm64/include/uapi/asm/ptrace.h: user_pt_regs, which has the place of pr_reg. */
struct arm64_status {
	uint8_t before[offsetof(struct elf_prstatus, pr_reg)];
	uint64_t x[31], sp, pc, pstate;
	uint64_t fpvalid;
};

static void test_notes_of_arm64(void **state)
{
	struct elf_prstatus start = {.pr_pid = 78};
	struct arm64_status status = {
		.x = {[0] = 100, [28] = 128, [30] = 130}, .sp = 0x4000010000, .pc = 0x11000};
	const uint64_t thread_pointer = 0x5500001000;
	struct note_bytes notes = {0};
	struct elf_image image;
	struct target *target;
	uint8_t *copy;

	(void)state;
	memcpy(status.before, &start, sizeof(status.before));
	put_note(&notes, "CORE", NT_PRSTATUS, &status, sizeof(status));
	put_note(&notes, "LINUX", NT_ARM_TLS, &thread_pointer, sizeof(thread_pointer));
	make_core(&image, &notes);
	image.header.e_machine = EM_AARCH64;
	assert_success(parse_image(&image, &target, &copy));
	assert_int_equal(target->processor, PROCESSOR_ARM64);
	assert_int_equal(target->threads.count, 1);
	const struct target_thread *thread = &target->threads.items[0];
	assert_int_equal(thread->tid, 78);
	assert_int_equal(thread->registers.pc, 0x11000);
	assert_int_equal(thread->registers.sp, 0x4000010000);
	assert_int_equal(thread->registers.thread_pointer, thread_pointer);
	assert_int_equal(thread->registers.general_count, 31);
	assert_int_equal(thread->registers.general[0], 100);
	assert_int_equal(thread->registers.general[28], 128);
	assert_int_equal(thread->registers.general[30], 130);
	destroy(target, copy);
}

/* The kernel's notes, by the structures of sys/procfs.h. */
static void test_standard_notes(void **state)
{
	struct elf_prstatus status = {.pr_pid = 77};
	struct elf_prpsinfo info = {.pr_pid = 70, .pr_fname = "a-name-of-16-let"};
	const uint64_t auxv[] = {AT_PHDR, 0x400040, AT_ENTRY, 0x401234, AT_NULL, 0};
	struct {
		uint64_t count, unit, entries[6];
		char names[16];
	} files = {2, PAGE, {0x400000, 0x402000, 0, 0x402000, 0x403000, 2}, "/bin/a\0/bin/b"};
	struct user_regs_struct *registers = (void *)&status.pr_reg;
	struct note_bytes notes = {0};
	struct elf_image image;
	struct target *target;
	uint8_t *copy;

	(void)state;
	registers->rip = 0x401000;
	registers->rsp = 0xc000010000;
	registers->fs_base = 0x777000;
	registers->rax = 1;
	registers->r14 = 14;
	registers->rbp = 6;
	put_note(&notes, "CORE", NT_PRSTATUS, &status, sizeof(status));
	put_note(&notes, "CORE", NT_PRPSINFO, &info, sizeof(info));
	put_note(&notes, "CORE", NT_AUXV, auxv, sizeof(auxv));
	put_note(&notes, "CORE", NT_FILE, &files, sizeof(files));
	put_note(&notes, "LINUX", NT_PRSTATUS, &status, sizeof(status)); /* of somebody else */
	make_core(&image, &notes);
	assert_success(parse_image(&image, &target, &copy));
	assert_int_equal(target->kind, TARGET_CORE);
	assert_int_equal(target->threads.count, 1);
	const struct target_thread *thread = &target->threads.items[0];
	assert_int_equal(thread->tid, 77);
	assert_int_equal(thread->registers.pc, 0x401000);
	assert_int_equal(thread->registers.sp, 0xc000010000);
	assert_int_equal(thread->registers.thread_pointer, 0x777000);
	assert_int_equal(thread->registers.general[0], 1);
	assert_int_equal(thread->registers.general[6], 6);
	assert_int_equal(thread->registers.general[13], 14);
	assert_int_equal(target->pid, 70);
	assert_string_equal(target->name, "a-name-of-16-let");
	assert_int_equal(target->entry, 0x401234);
	assert_int_equal(target->program_headers, 0x400040);
	assert_int_equal(target->mappings.count, 2);
	assert_string_equal(target->mappings.items[1].path, "/bin/b");
	assert_int_equal(target->mappings.items[1].offset, 2 * PAGE);
	assert_string_equal(target->capture.mode, "core");
	assert_non_null(target_view(target, MEMORY, BYTES));
	destroy(target, copy);
}

/* Notes whose contents are shorter than what they must hold are left out, and nothing else is. */
static void test_notes_of_wrong_size(void **state)
{
	static const uint8_t zeros[sizeof(struct elf_prstatus)];
	const uint64_t too_many_files[] = {UINT64_MAX, PAGE, 1, 2, 3};
	const uint64_t missing_names[] = {1, PAGE, 0x1000, 0x2000, 0};
	const uint64_t piece_too_long[] = {MEMORY + PAGE, UINT64_MAX, 1};
	const uint64_t auxv[] = {AT_ENTRY, 0x1234};
	struct note_bytes notes = {0};
	struct elf_image image;
	struct target *target;
	uint8_t *copy;

	(void)state;
	put_note(&notes, "CORE", NT_PRSTATUS, zeros, sizeof(struct elf_prstatus) - 1);
	put_note(&notes, "CORE", NT_PRPSINFO, zeros, sizeof(struct elf_prpsinfo) - 1);
	put_note(&notes, "CORE", NT_FILE, too_many_files, sizeof(too_many_files));
	put_note(&notes, "CORE", NT_FILE, missing_names, sizeof(missing_names));
	put_note(&notes, "CORE", NT_FILE, zeros, 0);
	put_note(&notes, "CORE", NT_AUXV, zeros, 15);
	put_note(&notes, SILT_NOTE_OWNER, SILT_NOTE_PIECES, piece_too_long, sizeof(piece_too_long));
	put_note(&notes, SILT_NOTE_OWNER, SILT_NOTE_PIECES, zeros, 3);
	put_note(&notes, "a name that is longer than any that is known", 1, zeros, 8);
	put_note(&notes, "CORE", NT_AUXV, auxv, sizeof(auxv)); /* the last one is good */
	make_core(&image, &notes);
	assert_success(parse_image(&image, &target, &copy));
	assert_int_equal(target->threads.count, 0);
	assert_int_equal(target->mappings.count, 0);
	assert_int_equal(target->pid, 0);
	assert_int_equal(target->segments.list.count, 1);
	assert_int_equal(target->entry, 0x1234);
	destroy(target, copy);
}

/* A note says that its name or its contents go on behind the end. */
static void test_note_that_does_not_end(void **state)
{
	static const uint32_t headers[][3] = {
		{UINT32_MAX, 4, 1}, {5, UINT32_MAX, 1}, {UINT32_MAX - 2, UINT32_MAX, 1}, {0, 0, 0}};
	struct target *target;
	uint8_t *copy;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
		struct note_bytes notes = {0};
		struct elf_image image;

		put(&notes, headers[i], sizeof(headers[i]));
		put(&notes, "CORE\0\0\0\0rest", 12);
		make_core(&image, &notes);
		assert_success(parse_image(&image, &target, &copy));
		assert_int_equal(target->segments.list.count, 1);
		destroy(target, copy);
	}
}

static void test_facts(void **state)
{
	static const char facts[] = "mode=stop\npause_ns=1234\nnot a fact\nunknown=5\n=\n"
				    "name=a=b\npid=4242\nbytes_read=18446744073709551615\n"
				    "uptime_ns=-1\nmode=longer than sixteen letters";
	struct note_bytes notes = {0};
	struct elf_image image;
	struct target *target;
	uint8_t *copy;

	(void)state;
	put_note(&notes, SILT_NOTE_OWNER, SILT_NOTE_FACTS, facts, sizeof(facts) - 1);
	make_core(&image, &notes);
	assert_success(parse_image(&image, &target, &copy));
	assert_int_equal(target->kind, TARGET_SNAPSHOT);
	assert_int_equal(target->pid, 4242);
	assert_string_equal(target->name, "a=b");
	assert_int_equal(target->capture.pause_ns, 1234);
	assert_true(target->capture.bytes_read == UINT64_MAX);
	assert_string_equal(target->capture.mode, "longer than six");
	destroy(target, copy);
}

static void test_what_is_no_core(void **state)
{
	struct elf_image image;
	struct note_bytes notes = {0};
	struct target *target;
	uint8_t *copy;

	(void)state;
	assert_error(parse_bytes("", 0, &target, &copy), ERROR_FORMAT);
	assert_error(parse_bytes("\x7f"
				 "ELF",
			     4, &target, &copy),
		ERROR_FORMAT);
	assert_error(parse_bytes("not an ELF file, but as long as its header is, at the least....",
			     64, &target, &copy),
		ERROR_FORMAT);
	make_core(&image, &notes);
	image.header.e_ident[EI_CLASS] = ELFCLASS32;
	assert_error(parse_image(&image, &target, &copy), ERROR_UNSUPPORTED);
	make_core(&image, &notes);
	image.header.e_machine = EM_RISCV;
	assert_error(parse_image(&image, &target, &copy), ERROR_UNSUPPORTED);
	make_core(&image, &notes);
	image.header.e_type = ET_EXEC;
	assert_error(parse_image(&image, &target, &copy), ERROR_FORMAT);
	make_core(&image, &notes);
	image.header.e_phentsize = 32;
	assert_error(parse_image(&image, &target, &copy), ERROR_FORMAT);
	make_core(&image, &notes);
	image.segments.count = 0;
	assert_error(parse_image(&image, &target, &copy), ERROR_FORMAT);
	make_core(&image, &notes);
	image.segments.items[0].p_type = PT_NULL; /* no memory */
	assert_error(parse_image(&image, &target, &copy), ERROR_FORMAT);
}

/* More program headers than e_phnum can count: the number is in section 0, and may be absurd. */
static void test_counts(void **state)
{
	static const uint32_t counts[] = {2, 0, 3, UINT32_MAX, 1 << 24, 1 << 20};
	struct target *target;
	uint8_t *copy;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		struct elf_image image;
		struct note_bytes notes = {0};

		make_core(&image, &notes);
		image.sections.items[0].sh_info = counts[i];
		elf_image_finish(&image);
		((Elf64_Ehdr *)(void *)image.bytes.items)->e_phnum = PN_XNUM;
		struct error *error =
			parse_bytes(image.bytes.items, image.bytes.count, &target, &copy);
		if (counts[i] == 2) {
			assert_success(error);
			destroy(target, copy);
		} else {
			assert_error(error, ERROR_FORMAT);
		}
		elf_image_deinit(&image);
	}
}

static void test_overlapping_segments(void **state)
{
	struct elf_image image;
	struct target *target;
	uint8_t *copy, read[48];
	uint8_t bytes[32];

	(void)state;
	elf_image_init(&image, ET_CORE);
	memset(bytes, 1, 32);
	elf_image_add_segment(&image, PT_LOAD, MEMORY, elf_image_add_bytes(&image, bytes, 32), 32);
	memset(bytes, 2, 32);
	elf_image_add_segment(
		&image, PT_LOAD, MEMORY + 16, elf_image_add_bytes(&image, bytes, 32), 32);
	elf_image_add_segment(&image, PT_LOAD, UINT64_MAX - 8, 64, 32); /* over the end */
	assert_success(parse_image(&image, &target, &copy));
	assert_success(target_read(target, MEMORY, read, 48));
	for (unsigned i = 0; i < 48; i++)
		assert_int_equal(read[i], i < 32 ? 1 : 2);
	destroy(target, copy);
}

/* What is kept of notes is no more than the file has of them. */
static void test_overlapping_notes(void **state)
{
	struct note_bytes notes = {0};
	struct elf_image image;
	struct target *target;
	uint8_t *copy;
	const uint64_t files[] = {1, PAGE, MEMORY, MEMORY + PAGE, 0, 0};

	(void)state;
	put_note(&notes, "CORE", NT_FILE, files, sizeof(files));
	make_core(&image, &notes);
	for (unsigned i = 0; i < HOSTILE_FILES; i++)
		vec_push(&image.segments, image.segments.items[1]);
	assert_error(parse_image(&image, &target, &copy), ERROR_FORMAT);
}

/* An address is in one mapping, and they are sorted, whatever the note says. */
static void test_overlapping_mappings(void **state)
{
	static const uint64_t files[] = {4, PAGE, 9 * PAGE, 12 * PAGE, 0, 2 * PAGE, 4 * PAGE, 0,
		3 * PAGE, 8 * PAGE, 0, 4 * PAGE, 5 * PAGE, 0};
	struct note_bytes notes = {0}, note = {0};
	struct elf_image image;
	struct target *target;
	uint8_t *copy;

	(void)state;
	put(&note, files, sizeof(files));
	put(&note, "/c\0/a\0/x\0/b", 12);
	put_note(&notes, "CORE", NT_FILE, note.list.items, note.list.count);
	vec_deinit(&note.list);
	make_core(&image, &notes);
	assert_success(parse_image(&image, &target, &copy));
	assert_int_equal(target->mappings.count, 3);
	assert_string_equal(target_mapping(target, 2 * PAGE)->path, "/a");
	assert_string_equal(target_mapping(target, 4 * PAGE)->path, "/b");
	assert_string_equal(target_mapping(target, 9 * PAGE)->path, "/c");
	assert_null(target_mapping(target, 5 * PAGE));
	destroy(target, copy);
}

/* Cut off anywhere: an error, because something is always lost. */
static void test_truncated(void **state)
{
	struct note_bytes notes = {0};
	struct elf_image image;
	struct target *target;
	uint8_t *copy;

	(void)state;
	put_note(&notes, SILT_NOTE_OWNER, SILT_NOTE_FACTS, "pid=1\n", 6);
	make_core(&image, &notes);
	elf_image_finish(&image);
	for (size_t length = 0; length < image.bytes.count; length++)
		assert_error(parse_bytes(image.bytes.items, length, &target, &copy), ERROR_FORMAT);
	assert_success(parse_bytes(image.bytes.items, image.bytes.count, &target, &copy));
	destroy(target, copy);
	elf_image_deinit(&image);
	/* A segment whose bytes are missing, though the headers are all there. */
	make_core(&image, &notes);
	image.segments.items[0].p_filesz = 1 << 20;
	assert_error(parse_image(&image, &target, &copy), ERROR_FORMAT);
	make_core(&image, &notes);
	image.segments.items[0].p_offset = UINT64_MAX - 10;
	assert_error(parse_image(&image, &target, &copy), ERROR_FORMAT);
}

/* Whatever the words of the headers and notes say, what is read lies in the file. */
static void test_hostile_words(void **state)
{
	static const uint64_t lies[] = {0, 1, 4, 0x7fffffff, 0xffffffff, INT64_MAX, UINT64_MAX,
		UINT64_MAX - 63, MEMORY, 65535};
	const uint64_t piece[] = {2 * (uint64_t)MEMORY, 8, 0x6867666564636261};
	const uint64_t files[] = {1, PAGE, PROGRAM, PROGRAM + PAGE, 0, 'x'};
	struct random random = random_from(8);
	struct note_bytes notes = {0};
	struct elf_image image;
	unsigned accepted = 0;

	(void)state;
	put_note(&notes, SILT_NOTE_OWNER, SILT_NOTE_FACTS, "pid=1\n", 6);
	put_note(&notes, SILT_NOTE_OWNER, SILT_NOTE_PIECES, piece, sizeof(piece));
	put_note(&notes, "CORE", NT_FILE, files, sizeof(files));
	make_core(&image, &notes);
	elf_image_finish(&image);
	uint8_t *bytes = memory_alloc(image.bytes.count);
	for (unsigned step = 0; step < HOSTILE_FILES; step++) {
		struct target *target;
		uint8_t *copy;

		memcpy(bytes, image.bytes.items, image.bytes.count);
		for (unsigned i = 1 + random_below(&random, 3); i; i--) {
			uint32_t at = 24 + random_below(&random, (uint32_t)image.bytes.count - 32) /
						   4 * 4;

			memcpy(bytes + at, &lies[random_below(&random, ARRAY_SIZE(lies))],
				4 + 4 * random_below(&random, 2));
		}
		struct error *error = parse_bytes(bytes, image.bytes.count, &target, &copy);
		if (error) {
			error_destroy(error);
			continue;
		}
		accepted++;
		vec_foreach (segment, &target->segments.list) {
			assert_true(segment->start < segment->end);
			assert_true(segment->bytes >= copy &&
				    segment->end - segment->start <=
					    (uint64_t)(copy + image.bytes.count - segment->bytes));
		}
		destroy(target, copy);
	}
	assert_true(accepted > HOSTILE_FILES / 10); /* else nothing was tried */
	free(bytes);
	elf_image_deinit(&image);
}

/* What a capture has before it is written. */
struct contents {
	struct target *target;
	struct ranges memory, missing;
	struct pieces pieces;
	uint8_t auxv[32];
	int fd;
};

static uint8_t byte_at(addr_t address)
{
	return (uint8_t)(address >> 12 ^ address * 7);
}

static void make_contents(struct contents *contents, struct random *random, unsigned range_count)
{
	addr_t at = MEMORY;
	uint64_t offset = CORE_DATA_OFFSET;

	*contents = (struct contents){.target = target_create(TARGET_PROCESS)};
	contents->fd = file_of_bytes("", 0);
	for (unsigned i = 0; i < range_count; i++) {
		addr_t end = at + PAGE * (1 + random_below(random, 3));

		ranges_add(&contents->memory, at, end);
		for (addr_t address = at; address < end; address += PAGE, offset += PAGE) {
			uint8_t page[PAGE];

			for (unsigned k = 0; k < PAGE; k++)
				page[k] = byte_at(address + k);
			assert_int_equal(pwrite(contents->fd, page, PAGE, (off_t)offset), PAGE);
			if (random_below(random, 4) == 0)
				ranges_add(&contents->missing, address, address + PAGE);
		}
		at = end + PAGE * (1 + random_below(random, 3));
	}
	ranges_normalise(&contents->missing);
}

static void fill_target(struct target *target, enum processor processor, struct random *random)
{
	static const unsigned general_counts[PROCESSOR_COUNT] = {
		[PROCESSOR_AMD64] = 15, [PROCESSOR_ARM64] = 31};
	const uint64_t auxv[] = {AT_ENTRY, 0x1234, AT_NULL, 0};

	target->processor = processor;
	auxv_keep(target, (const uint8_t *)auxv, sizeof(auxv));
	free(target->name);
	target->name = memory_string("prog=1");
	target->pid = 4711;
	target->capture = (struct capture_facts){"stop", 123, UINT64_MAX, 5, 6, 7};
	for (unsigned i = 0; i < 3; i++) {
		struct target_thread thread = {.tid = (pid_t)i + 100};

		thread.registers = (struct registers){random_word(random), random_word(random),
			random_word(random), {0}, general_counts[processor]};
		for (unsigned k = 0; k < general_counts[processor]; k++)
			thread.registers.general[k] = random_word(random);
		vec_push(&target->threads, thread);
	}
	vec_push(&target->mappings, {PROGRAM, PROGRAM + PAGE, 0, PROTECTION_READ, false,
					    memory_string("/bin/prog (of mine)")});
	vec_push(&target->mappings,
		{PROGRAM + PAGE, PROGRAM + 2 * PAGE, 0, PROTECTION_READ, false, memory_string("")});
	vec_push(&target->mappings, {PROGRAM + 9 * PAGE, PROGRAM + 10 * PAGE, 3 * PAGE,
					    PROTECTION_READ, false, memory_string("/lib/x.so")});
}

static void add_pieces(struct contents *contents, struct random *random, uint8_t *bytes)
{
	for (unsigned i = 0; i < 20; i++) {
		uint32_t length = 1 + random_below(random, 130);
		addr_t address = 2 * (addr_t)MEMORY + 4096 * i + random_below(random, 100);

		for (uint32_t k = 0; k < length; k++)
			bytes[200 * i + k] = byte_at(address + k);
		vec_push(&contents->pieces.list, {address, length, bytes + 200 * i});
	}
}

static void check_memory(const struct contents *contents, const struct target *target)
{
	vec_foreach (range, &contents->memory.list) {
		for (addr_t at = range->start; at < range->end; at += PAGE) {
			const uint8_t *view = target_view(target, at, PAGE);

			assert_int_equal(view != NULL, !ranges_have(&contents->missing, at));
			for (unsigned k = 0; view && k < PAGE; k += 97)
				assert_int_equal(view[k], byte_at(at + k));
		}
		assert_null(target_view(target, range->end, 1));
	}
	vec_foreach (piece, &contents->pieces.list) {
		const uint8_t *view = target_view(target, piece->address, piece->length);

		assert_non_null(view);
		assert_memory_equal(view, piece->bytes, piece->length);
		assert_null(target_view(target, piece->address, piece->length + 1));
	}
}

static void check_target(const struct target *expected, const struct target *target)
{
	assert_int_equal(target->kind, TARGET_SNAPSHOT);
	assert_int_equal(target->pid, expected->pid);
	assert_string_equal(target->name, expected->name);
	assert_memory_equal(&target->capture, &expected->capture, sizeof(target->capture));
	assert_int_equal(target->threads.count, expected->threads.count);
	for (size_t i = 0; i < target->threads.count; i++) {
		const struct target_thread *a = &target->threads.items[i];
		const struct target_thread *b = &expected->threads.items[i];

		assert_int_equal(a->tid, b->tid);
		assert_true(a->registers.pc == b->registers.pc);
		assert_true(a->registers.sp == b->registers.sp);
		assert_true(a->registers.thread_pointer == b->registers.thread_pointer);
		assert_int_equal(a->registers.general_count, b->registers.general_count);
		assert_memory_equal(
			a->registers.general, b->registers.general, sizeof(a->registers.general));
	}
	assert_int_equal(target->mappings.count, 2); /* those of files */
	assert_string_equal(target->mappings.items[0].path, "/bin/prog (of mine)");
	assert_string_equal(target->mappings.items[1].path, "/lib/x.so");
	assert_int_equal(target->mappings.items[1].offset, 3 * PAGE);
	assert_int_equal(target->mappings.items[1].start, PROGRAM + 9 * PAGE);
	assert_int_equal(target->processor, expected->processor);
	assert_int_equal(target->entry, 0x1234);
	assert_int_equal(target->auxv_length, expected->auxv_length);
	assert_memory_equal(target->auxv, expected->auxv, expected->auxv_length);
}

static struct error *write_contents(const struct contents *contents)
{
	struct spool spool;

	spool_init(&spool, contents->fd);
	vec_foreach (range, &contents->memory.list) {
		vec_push(&spool.placements, {range->start, range->end, spool.end});
		spool.end += range->end - range->start;
	}
	vec_foreach (range, &contents->missing.list)
		ranges_add(&spool.missing, range->start, range->end);
	struct error *error = core_write_headers(
		contents->fd, &(struct core_contents){contents->target, &spool, &contents->pieces});
	spool_deinit(&spool);
	return error;
}

static void round_trip(uint64_t seed, unsigned range_count)
{
	static uint8_t piece_bytes[20 * 200];
	struct random random = random_from(seed);
	struct contents contents;
	struct target *target;

	make_contents(&contents, &random, range_count);
	fill_target(contents.target, seed % PROCESSOR_COUNT, &random);
	add_pieces(&contents, &random, piece_bytes);
	assert_success(write_contents(&contents));
	assert_success(core_file_open_fd(contents.fd, "written", "/bin/sh", &target));
	check_target(contents.target, target);
	check_memory(&contents, target);
	target_destroy(target);
	target_destroy(contents.target);
	ranges_deinit(&contents.memory);
	ranges_deinit(&contents.missing);
	vec_deinit(&contents.pieces.list);
}

static void test_round_trip(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 30; seed++)
		round_trip(seed, 1 + (unsigned)seed);
}

/* More segments than a 16-bit count can tell. */
static void test_round_trip_of_many_segments(void **state)
{
	(void)state;
	round_trip(1000, 0x10000);
}

static void test_files(void **state)
{
	struct target *target;
	char fifo[] = "/tmp/silt-test-XXXXXX";

	(void)state;
	assert_error(core_file_open("/nonexistent/core", NULL, &target), ERROR_SYSTEM);
	assert_error(core_file_open("/", NULL, &target), ERROR_FORMAT);
	assert_error(core_file_open("/dev/null", NULL, &target), ERROR_FORMAT);
	assert_error(core_file_open("/bin/sh", NULL, &target), ERROR_FORMAT);
	/* Nobody writes to it: opening it must not wait. */
	assert_non_null(mkdtemp(fifo));
	_cleanup_free_ char *path = memory_format("%s/fifo", fifo);
	assert_int_equal(mkfifo(path, 0600), 0);
	alarm(10);
	assert_error(core_file_open(path, NULL, &target), ERROR_FORMAT);
	alarm(0);
	unlink(path);
	rmdir(fifo);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_standard_notes),
		cmocka_unit_test(test_notes_of_arm64),
		cmocka_unit_test(test_notes_of_wrong_size),
		cmocka_unit_test(test_note_that_does_not_end),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_what_is_no_core),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_overlapping_segments),
		cmocka_unit_test(test_overlapping_notes),
		cmocka_unit_test(test_overlapping_mappings),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_hostile_words),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_round_trip_of_many_segments),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
