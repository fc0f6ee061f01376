#include "compressed_file.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "bytes.h"
#include "compressed_format.h"
#include "parallel.h"
#include "unnamed_file.h"
#include "vec.h"
#include "write_at.h"

enum {
	MAX_FRAME_BYTES = 64 << 20, /* of one that is expanded at once */
	PART_BYTES = 1 << 20,       /* of one that is expanded as it comes */
};

#define MAX_EXPANDED_BYTES ((uint64_t)1 << 40)

static const char EXPANDED[] = "the expanded snapshot (TMPDIR says where)";

struct frame {
	uint64_t packed_at, plain_at;
	uint32_t packed, plain; /* bytes */
};

struct expansion {
	const uint8_t *bytes;
	size_t length;
	uint64_t limit;
	const char *name;
	int fd;
	VEC(struct frame) frames;
	uint64_t total;
	size_t largest;
	size_t next; /* atomic: the next frame to take */
};

static struct error *damaged(const struct expansion *expansion, const char *why)
{
	return error_create(ERROR_FORMAT, "%s is damaged or cut off: %s", expansion->name, why);
}

static struct error *too_large(const struct expansion *expansion)
{
	return error_create(
		ERROR_LIMIT, "%s is larger than silt reads when it is expanded", expansion->name);
}

/* The file is as long as it will be, or becomes so in the end. */
static struct error *put(
	const struct expansion *expansion, const uint8_t *bytes, size_t length, uint64_t at)
{
	return write_sparse_at(expansion->fd, bytes, length, at, EXPANDED);
}

static struct error *expand_frame(const struct expansion *expansion, ZSTD_DCtx *context,
	const struct frame *frame, uint8_t *buffer)
{
	size_t got = ZSTD_decompressDCtx(context, buffer, expansion->largest,
		expansion->bytes + frame->packed_at, frame->packed);

	if (ZSTD_isError(got))
		return damaged(expansion, ZSTD_getErrorName(got));
	if (got != frame->plain)
		return damaged(expansion, "a frame is not as long as its table says");
	return put(expansion, buffer, got, frame->plain_at);
}

static struct error *expand_frames(void *argument, unsigned worker)
{
	struct expansion *expansion = argument;
	_cleanup_free_ uint8_t *buffer = memory_alloc(expansion->largest + 1);
	ZSTD_DCtx *context = ZSTD_createDCtx();
	struct error *error = NULL;

	(void)worker;
	if (!context)
		memory_out();
	while (!error) {
		size_t mine = __atomic_fetch_add(&expansion->next, 1, __ATOMIC_RELAXED);

		if (mine >= expansion->frames.count)
			break;
		error = expand_frame(expansion, context, &expansion->frames.items[mine], buffer);
	}
	ZSTD_freeDCtx(context);
	return error;
}

static struct error *add_frame(struct expansion *expansion, uint64_t *at, uint32_t packed,
	uint32_t plain, uint64_t packed_end)
{
	if (packed > packed_end - *at)
		return damaged(expansion, "its table of frames is longer than the file");
	if (plain > MAX_FRAME_BYTES || plain > expansion->limit - expansion->total)
		return too_large(expansion);
	vec_push(&expansion->frames, {*at, expansion->total, packed, plain});
	*at += packed;
	expansion->total += plain;
	expansion->largest = MAX(expansion->largest, (size_t)plain);
	return NULL;
}

/* The table at the end, or no frames where there is none. */
static struct error *read_seek_table(struct expansion *expansion)
{
	const size_t length = expansion->length;
	const uint8_t *footer = expansion->bytes + length - SEEK_TABLE_FOOTER;

	if (length < SEEK_TABLE_HEADER + SEEK_TABLE_FOOTER ||
		load_u32(footer + 5) != SEEK_TABLE_MAGIC)
		return NULL;
	const uint64_t count = load_u32(footer);
	const size_t entry = footer[4] & SEEK_TABLE_HAS_CHECKSUMS
				     ? SEEK_TABLE_ENTRY + SEEK_TABLE_CHECKSUM
				     : SEEK_TABLE_ENTRY;
	const uint64_t table = count * entry + SEEK_TABLE_FOOTER;
	if (footer[4] & SEEK_TABLE_RESERVED || count > SEEK_TABLE_MAX_FRAMES ||
		table + SEEK_TABLE_HEADER > length)
		return damaged(expansion, "its table of frames makes no sense");
	const uint64_t packed_end = length - table - SEEK_TABLE_HEADER;
	const uint8_t *header = expansion->bytes + packed_end;
	if (load_u32(header) != SEEK_TABLE_SKIPPABLE || load_u32(header + 4) != table)
		return damaged(expansion, "its table of frames makes no sense");
	uint64_t at = 0;
	for (uint64_t i = 0; i < count; i++) {
		const uint8_t *sizes = header + SEEK_TABLE_HEADER + i * entry;

		TRY(add_frame(expansion, &at, load_u32(sizes), load_u32(sizes + 4), packed_end));
	}
	return at == packed_end ? NULL : damaged(expansion, "its table of frames ends too early");
}

static struct error *expand_parts(struct expansion *expansion, ZSTD_DCtx *context, uint8_t *buffer)
{
	ZSTD_inBuffer in = {expansion->bytes, expansion->length, 0};
	size_t left = 1; /* of the frame; 0: it is complete */

	for (;;) {
		ZSTD_outBuffer out = {buffer, PART_BYTES, 0};
		size_t before = in.pos;

		left = ZSTD_decompressStream(context, &out, &in);
		if (ZSTD_isError(left))
			return damaged(expansion, ZSTD_getErrorName(left));
		if (out.pos > expansion->limit - expansion->total)
			return too_large(expansion);
		TRY(put(expansion, buffer, out.pos, expansion->total));
		expansion->total += out.pos;
		if (in.pos == in.size && (!left || out.pos < PART_BYTES))
			return left ? damaged(expansion, "it ends too early") : NULL;
		if (in.pos == before && !out.pos)
			return damaged(expansion, "it cannot be expanded");
	}
}

/* From the first byte to the last, on one thread, in memory that does not depend on the lengths. */
static struct error *expand_stream(struct expansion *expansion)
{
	_cleanup_free_ uint8_t *buffer = memory_alloc(PART_BYTES);
	ZSTD_DCtx *context = ZSTD_createDCtx();

	if (!context)
		memory_out();
	struct error *error = expand_parts(expansion, context, buffer);
	ZSTD_freeDCtx(context);
	return error;
}

static struct error *expand(struct expansion *expansion)
{
	TRY(read_seek_table(expansion));
	if (expansion->frames.count)
		TRY(parallel_run(parallel_width(), expand_frames, expansion));
	else
		TRY(expand_stream(expansion));
	if (ftruncate(expansion->fd, (off_t)expansion->total) < 0)
		return error_system("cannot write %s", EXPANDED);
	return NULL;
}

struct error *compressed_bytes_expand(
	const uint8_t *bytes, size_t length, uint64_t limit, const char *name, int *ret_fd)
{
	_cleanup_close_ int fd = -1;
	struct expansion expansion = {
		.bytes = bytes, .length = length, .limit = limit, .name = name};

	TRY(unnamed_file_open(EXPANDED, &fd));
	expansion.fd = fd;
	struct error *error = expand(&expansion);
	vec_deinit(&expansion.frames);
	if (error)
		return error;
	*ret_fd = take_fd(fd);
	return NULL;
}

struct error *compressed_file_expand(int fd, const char *name, int *ret_fd)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return error_system("cannot look at %s", name);
	const size_t length = (size_t)status.st_size;
	void *bytes = mmap(NULL, length, PROT_READ, MAP_SHARED, fd, 0);
	if (bytes == MAP_FAILED)
		return error_system("cannot map %s", name);
	struct error *error =
		compressed_bytes_expand(bytes, length, MAX_EXPANDED_BYTES, name, ret_fd);
	munmap(bytes, length);
	return error;
}

bool compressed_file_is(int fd)
{
	uint8_t magic[4];

	return pread(fd, magic, sizeof(magic), 0) == (ssize_t)sizeof(magic) &&
	       load_u32(magic) == ZSTD_MAGICNUMBER;
}
