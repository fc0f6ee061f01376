#include "compressed_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "bytes.h"
#include "compressed_format.h"
#include "parallel.h"
#include "vec.h"
#include "write_at.h"

enum {
	FRAME_BYTES = 1 << 20,
	LEVEL = 1, /* the fastest: the disk is seldom as fast */
	FRAMES_PER_WORKER = 2,
};

/* A frame that is being made. */
struct frame {
	uint8_t *plain, *packed;
	size_t plain_length, packed_length;
};

struct compression {
	int from, to;
	const char *name;
	unsigned workers;
	ZSTD_CCtx **contexts; /* of each worker */
	struct frame *frames; /* FRAMES_PER_WORKER of each */
	size_t frame_count;   /* of this round */
	size_t next;          /* atomic: the next frame to make */
	uint64_t read;        /* how far `from` has been compressed */
	uint64_t written;
	VEC(uint32_t) table;
};

static struct error *read_frame(
	const struct compression *compression, const struct frame *frame, uint64_t offset)
{
	size_t done = 0;

	while (done < frame->plain_length) {
		ssize_t got = pread(compression->from, frame->plain + done,
			frame->plain_length - done, (off_t)(offset + done));

		if (got <= 0)
			return error_system("cannot read back what was captured");
		done += (size_t)got;
	}
	return NULL;
}

static struct error *make_frames(void *context, unsigned worker)
{
	struct compression *compression = context;

	for (;;) {
		size_t mine = __atomic_fetch_add(&compression->next, 1, __ATOMIC_RELAXED);

		if (mine >= compression->frame_count)
			return NULL;
		struct frame *frame = &compression->frames[mine];
		TRY(read_frame(compression, frame, compression->read + mine * FRAME_BYTES));
		frame->packed_length = ZSTD_compress2(compression->contexts[worker], frame->packed,
			ZSTD_compressBound(FRAME_BYTES), frame->plain, frame->plain_length);
		if (ZSTD_isError(frame->packed_length))
			return error_create(ERROR_SYSTEM, "cannot compress %s: %s",
				compression->name, ZSTD_getErrorName(frame->packed_length));
	}
}

static struct error *write_frames(struct compression *compression)
{
	for (size_t i = 0; i < compression->frame_count; i++) {
		const struct frame *frame = &compression->frames[i];

		TRY(write_at(compression->to, frame->packed, frame->packed_length,
			compression->written, compression->name));
		compression->written += frame->packed_length;
		vec_push(&compression->table, (uint32_t)frame->packed_length);
		vec_push(&compression->table, (uint32_t)frame->plain_length);
	}
	return NULL;
}

/* As many frames as there is room for, in the order of the file. */
static struct error *compress_round(struct compression *compression, uint64_t length)
{
	size_t room = (size_t)compression->workers * FRAMES_PER_WORKER;
	uint64_t end = MIN(compression->read + room * FRAME_BYTES, length);

	compression->frame_count = 0;
	compression->next = 0;
	for (uint64_t at = compression->read; at < end; at += FRAME_BYTES)
		compression->frames[compression->frame_count++].plain_length =
			(size_t)MIN(end - at, (uint64_t)FRAME_BYTES);
	TRY(parallel_run(compression->workers, make_frames, compression));
	TRY(write_frames(compression));
	fallocate(compression->from, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		(off_t)compression->read, (off_t)(end - compression->read));
	compression->read = end;
	return NULL;
}

static struct error *write_seek_table(const struct compression *compression)
{
	const size_t count = compression->table.count / 2;
	const uint32_t header[] = {
		SEEK_TABLE_SKIPPABLE, (uint32_t)(count * SEEK_TABLE_ENTRY + SEEK_TABLE_FOOTER)};
	uint8_t footer[SEEK_TABLE_FOOTER];
	uint64_t at = compression->written;

	store_u32(footer, (uint32_t)count);
	footer[4] = 0;
	store_u32(footer + 5, SEEK_TABLE_MAGIC);
	TRY(write_at(compression->to, header, sizeof(header), at, compression->name));
	at += sizeof(header);
	TRY(write_at(compression->to, compression->table.items, count * SEEK_TABLE_ENTRY, at,
		compression->name));
	at += count * SEEK_TABLE_ENTRY;
	return write_at(compression->to, footer, sizeof(footer), at, compression->name);
}

static void prepare(struct compression *compression)
{
	compression->contexts = memory_array(compression->workers, sizeof(*compression->contexts));
	compression->frames = memory_array(
		(size_t)compression->workers * FRAMES_PER_WORKER, sizeof(*compression->frames));
	for (unsigned i = 0; i < compression->workers; i++) {
		compression->contexts[i] = ZSTD_createCCtx();
		if (!compression->contexts[i])
			memory_out();
		ZSTD_CCtx_setParameter(compression->contexts[i], ZSTD_c_compressionLevel, LEVEL);
		ZSTD_CCtx_setParameter(compression->contexts[i], ZSTD_c_checksumFlag, 1);
	}
	for (unsigned i = 0; i < compression->workers * FRAMES_PER_WORKER; i++) {
		compression->frames[i].plain = memory_alloc(FRAME_BYTES);
		compression->frames[i].packed = memory_alloc(ZSTD_compressBound(FRAME_BYTES));
	}
}

static void finish(struct compression *compression)
{
	for (unsigned i = 0; i < compression->workers; i++)
		ZSTD_freeCCtx(compression->contexts[i]);
	for (unsigned i = 0; i < compression->workers * FRAMES_PER_WORKER; i++) {
		free(compression->frames[i].plain);
		free(compression->frames[i].packed);
	}
	free(compression->contexts);
	free(compression->frames);
	vec_deinit(&compression->table);
}

struct error *compressed_write(int from, int to, const char *name)
{
	struct compression compression = {
		.from = from, .to = to, .name = name, .workers = parallel_width()};
	struct stat status;
	struct error *error = NULL;

	if (fstat(from, &status) < 0)
		return error_system("cannot read back what was captured");
	const uint64_t length = (uint64_t)status.st_size;
	if (length / FRAME_BYTES >= SEEK_TABLE_MAX_FRAMES)
		return error_create(ERROR_LIMIT, "%s would be too large", name);
	prepare(&compression);
	while (!error && compression.read < length)
		error = compress_round(&compression, length);
	if (!error)
		error = write_seek_table(&compression);
	finish(&compression);
	return error;
}
