/* A whole snapshot, damaged, through the complete analysis and every report, or written again.
 *
 * SILT_FUZZ_SNAPSHOT names a good snapshot, SILT_FUZZ_EXE its executable, which must not be where
 * it was: the length of an input says whether it is read with it, and what is done. The fuzzer's
 * bytes are not a file but a list of changes to it: most of the file is far from any structure, and
 * what is wanted are wrong pointers, counts and lengths, not wrong magic numbers.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis.h"
#include "bytes.h"
#include "fuzz.h"
#include "views.h"

enum change_kind {
	CHANGE_VALUE, /* the word becomes a number */
	CHANGE_COPY,  /* ... what another word is: a pointer of another kind */
	CHANGE_ADD,   /* ... a little more or less */
	CHANGE_BIT,
	CHANGE_CUT, /* the file ends here */
	CHANGE_KINDS,
};

struct change {
	uint8_t kind;
	uint32_t place; /* among the words that are not zero, modulo their number */
	uint64_t value;
};

/* In the kind: among the words of the whole file, which are mostly code; else of what the program
 * could write, and the headers. */
enum { ANYWHERE = 0x80 };

struct words {
	VEC(uint32_t) list; /* offsets in the file / 8 */
};

enum { MAX_CHANGES = 16, CHANGE_SIZE = 13 };

/* The good snapshot, and where its words are that are not zero. Read once. */
static struct {
	const uint8_t *bytes;
	size_t length;
	struct words all, writable;
	const char *exe;
} good;

static void add_words(struct words *words, size_t start, size_t end)
{
	for (size_t at = start; at + 8 <= MIN(end, good.length); at += 8) {
		if (load_u64(good.bytes + at))
			vec_push(&words->list, (uint32_t)(at / 8));
	}
}

/* The snapshot is one that silt wrote: the headers are behind the memory. */
static void find_words(void)
{
	Elf64_Ehdr header;
	size_t memory_end = 0;

	memcpy(&header, good.bytes, sizeof(header));
	for (unsigned i = 0; i < header.e_phnum; i++) {
		Elf64_Phdr segment;

		memcpy(&segment, good.bytes + header.e_phoff + i * sizeof(segment),
			sizeof(segment));
		if (segment.p_type != PT_LOAD)
			continue;
		if (segment.p_flags & PF_W)
			add_words(&good.writable, segment.p_offset,
				segment.p_offset + segment.p_filesz);
		memory_end = MAX(memory_end, (size_t)(segment.p_offset + segment.p_filesz));
	}
	add_words(&good.writable, memory_end, good.length);
	add_words(&good.all, 0, good.length);
}

static void read_good(void)
{
	const char *path = getenv("SILT_FUZZ_SNAPSHOT");
	struct stat status;
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	good.exe = getenv("SILT_FUZZ_EXE");
	if (fd < 0 || !good.exe || fstat(fd, &status) < 0) {
		fputs("set SILT_FUZZ_SNAPSHOT and SILT_FUZZ_EXE\n", stderr);
		exit(2);
	}
	good.length = (size_t)status.st_size;
	good.bytes = mmap(NULL, good.length, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	find_words();
}

static size_t apply(uint8_t *file, size_t length, const struct change *change)
{
	const struct words *words = change->kind & ANYWHERE ? &good.all : &good.writable;
	size_t at = 8 * (size_t)words->list.items[change->place % words->list.count];
	size_t other = 8 * (size_t)words->list.items[change->value % words->list.count];
	uint64_t word = load_u64(file + at);

	switch ((enum change_kind)((change->kind & ~ANYWHERE) % CHANGE_KINDS)) {
	case CHANGE_VALUE:
		word = change->value;
		break;
	case CHANGE_COPY:
		word = load_u64(file + other);
		break;
	case CHANGE_ADD:
		word += (uint64_t)(int64_t)(int8_t)change->value;
		break;
	case CHANGE_BIT:
		word ^= (uint64_t)1 << (change->value & 63);
		break;
	case CHANGE_CUT:
		return change->value & 63 ? length
					  : at; /* seldom: nothing but an error comes of it */
	case CHANGE_KINDS:
		break;
	}
	memcpy(file + at, &word, sizeof(word));
	return length;
}

/* The damaged file, open. */
static int make_file(struct cursor changes)
{
	_cleanup_free_ uint8_t *file = memory_alloc(good.length);
	size_t length = good.length;

	memcpy(file, good.bytes, good.length);
	for (unsigned i = 0; i < MAX_CHANGES && cursor_left(&changes) >= CHANGE_SIZE; i++) {
		struct change change = {.kind = cursor_u8(&changes)};

		change.place = cursor_u32(&changes);
		change.value = cursor_u64(&changes);
		length = apply(file, length, &change);
	}
	return file_of_bytes(file, length);
}

static void show(struct error *error, struct view **view)
{
	const struct terminal terminal = {.width = 80};

	if (!fuzz_passed(error))
		return;
	free(view_render(*view, &terminal));
	free(view_render_json(*view));
	view_destroy(*view);
}

static void report(const struct analysis *analysis)
{
	const struct view_options options = {.limit = 20};
	struct view *view;

	show(view_report(analysis, &options, &view), &view);
	show(view_maps(analysis, &options, &view), &view);
	show(view_goroutines(analysis, &options, &view), &view);
	show(view_types(analysis, &options, &view), &view);
	show(view_why(analysis, &options, "1", &view), &view);
}

static void write_again(const char *path, const char *exe)
{
	const struct snapshot_wishes wishes = {.exe = exe};
	_cleanup_free_ char *again = memory_format("/tmp/silt-fuzz-%d", getpid());

	if (fuzz_passed(program_snapshot(path, &wishes, again)))
		unlink(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct analysis *analysis;

	if (!good.bytes)
		read_good();
	int fd = make_file(cursor_over(bytes, length));
	_cleanup_free_ char *path = memory_format("/proc/self/fd/%d", fd);
	const struct analysis_options options = {.program = {.exe = length & 1 ? NULL : good.exe}};
	if (length & 2)
		write_again(path, options.program.exe);
	else if (fuzz_passed(analysis_open(path, &options, &analysis))) {
		report(analysis);
		analysis_destroy(analysis);
	}
	close(fd);
	return 0;
}
