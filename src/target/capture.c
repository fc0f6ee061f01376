#include "capture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "block_cache.h"
#include "bytes.h"
#include "clock.h"
#include "core_writer.h"
#include "parallel.h"
#include "process.h"
#include "procfs.h"
#include "stop.h"

enum {
	COPY_UNIT = 1 << 20,
	PIECES_PER_CALL = 512,
	COPY_WORKERS = 2,
	MAX_MESSAGE = 512,
};

/* One read, and where its bytes go in the file. */
struct unit {
	addr_t start;
	uint32_t length;
	uint64_t offset;
};

struct copy {
	pid_t pid;
	int fd;
	VEC(struct unit) units;
	size_t next; /* atomic: the next unit to take */
	struct ranges missing[COPY_WORKERS];
};

static struct error *write_unit(int fd, const uint8_t *bytes, size_t length, uint64_t offset)
{
	while (length) {
		ssize_t written = pwrite(fd, bytes, length, (off_t)offset);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return error_system("cannot write the captured memory (%s is used for it)",
				"the directory given by TMPDIR or --output");
		bytes += written;
		length -= (size_t)written;
		offset += (uint64_t)written;
	}
	return NULL;
}

/* Reads what can be read of a unit; pages that cannot be are zero and noted as missing. */
static void read_unit(pid_t pid, const struct unit *unit, uint8_t *buffer, struct ranges *missing)
{
	size_t done = 0;

	while (done < unit->length) {
		struct iovec local = {buffer + done, unit->length - done};
		struct iovec remote = {
			(void *)(uintptr_t)(unit->start + done), unit->length - done};
		ssize_t got = process_vm_readv(pid, &local, 1, &remote, 1, 0);

		if (got > 0) {
			done += (size_t)got;
			continue;
		}
		addr_t at = unit->start + done;
		addr_t page_end = (at & ~(addr_t)(CORE_DATA_OFFSET - 1)) + CORE_DATA_OFFSET;
		size_t skip = MIN(page_end - at, unit->length - done);

		memset(buffer + done, 0, skip);
		ranges_add(missing, at, at + skip);
		done += skip;
	}
}

static struct error *copy_work(void *context, unsigned worker)
{
	struct copy *copy = context;
	_cleanup_free_ uint8_t *buffer = memory_alloc(COPY_UNIT);

	for (;;) {
		size_t mine = __atomic_fetch_add(&copy->next, 1, __ATOMIC_RELAXED);

		if (mine >= copy->units.count)
			return NULL;
		const struct unit *unit = &copy->units.items[mine];

		read_unit(copy->pid, unit, buffer, &copy->missing[worker]);
		TRY(write_unit(copy->fd, buffer, unit->length, unit->offset));
	}
}

static struct error *copy_memory(
	pid_t pid, int fd, const struct ranges *memory, struct ranges *missing)
{
	struct copy copy = {.pid = pid, .fd = fd};
	uint64_t offset = CORE_DATA_OFFSET;

	vec_foreach (range, &memory->list) {
		for (addr_t at = range->start; at < range->end; at += COPY_UNIT) {
			uint32_t length = (uint32_t)MIN(range->end - at, (addr_t)COPY_UNIT);

			vec_push(&copy.units, {.start = at, .length = length, .offset = offset});
			offset += length;
		}
	}
	struct error *error = parallel_run(MIN(parallel_width(), COPY_WORKERS), copy_work, &copy);
	for (size_t i = 0; i < COPY_WORKERS; i++) {
		vec_foreach (range, &copy.missing[i].list)
			ranges_add(missing, range->start, range->end);
		ranges_deinit(&copy.missing[i]);
	}
	ranges_normalise(missing);
	vec_deinit(&copy.units);
	return error;
}

/* Pieces are read by the hundreds. The kernel stops at the first one that it cannot read. */
static void copy_pieces(
	pid_t pid, const struct ranges *wanted, struct pieces *pieces, uint8_t *buffer)
{
	size_t at = 0;

	while (at < wanted->list.count) {
		struct iovec remote[PIECES_PER_CALL];
		size_t count = MIN(wanted->list.count - at, (size_t)PIECES_PER_CALL), length = 0;

		for (size_t i = 0; i < count; i++) {
			const struct range *range = &wanted->list.items[at + i];

			remote[i].iov_base = (void *)(uintptr_t)range->start;
			remote[i].iov_len = range->end - range->start;
			length += remote[i].iov_len;
		}
		struct iovec local = {buffer, length};
		ssize_t got = process_vm_readv(pid, &local, 1, remote, count, 0);
		size_t left = got > 0 ? (size_t)got : 0, whole = 0;

		for (; whole < count && remote[whole].iov_len <= left; whole++) {
			vec_push(&pieces->list, {.address = wanted->list.items[at + whole].start,
							.length = (uint32_t)remote[whole].iov_len,
							.bytes = buffer});
			buffer += remote[whole].iov_len;
			left -= remote[whole].iov_len;
		}
		at += whole == count ? count : whole + 1; /* step over the one that failed */
	}
}

/* What the capturer holds until the end. */
struct capturer {
	struct target *target;
	struct stop *stop;
	struct ranges memory, missing, small;
	struct pieces pieces;
	uint8_t *piece_bytes;
	uint8_t *auxv;
	size_t auxv_length;
};

static struct error *take_memory(struct capturer *capturer, const struct capture_plan *plan, int fd)
{
	struct target *target = capturer->target;

	TRY(plan->choose(plan->context, target, &capturer->memory, &capturer->small));
	ranges_normalise(&capturer->memory);
	ranges_normalise(&capturer->small);
	TRY(copy_memory(target->pid, fd, &capturer->memory, &capturer->missing));
	capturer->piece_bytes = memory_alloc(ranges_bytes(&capturer->small));
	copy_pieces(target->pid, &capturer->small, &capturer->pieces, capturer->piece_bytes);
	return NULL;
}

static struct error *capture(
	struct capturer *capturer, pid_t pid, const struct capture_plan *plan, int fd)
{
	TRY(process_open(pid, &capturer->target));
	struct target *target = capturer->target;
	struct capture_facts *facts = &target->capture;

	TRY(procfs_auxv(pid, target, &capturer->auxv, &capturer->auxv_length));
	TRY(stop_create(pid, &capturer->stop));
	facts->monotonic_ns = clock_now();
	TRY(stop_threads(capturer->stop, target));
	TRY(process_refresh(target));
	TRY(take_memory(capturer, plan, fd));
	uint64_t began = stop_began_ns(capturer->stop);
	stop_destroy(take_pointer(capturer->stop));
	facts->pause_ns = clock_now() - began;

	TRY(procfs_check(pid));
	snprintf(facts->mode, sizeof(facts->mode), "stop");
	facts->unread_bytes = ranges_bytes(&capturer->missing);
	facts->bytes_read = ranges_bytes(&capturer->memory) + ranges_bytes(&capturer->small) -
			    facts->unread_bytes;
	return core_write_headers(fd, &(struct core_contents){
					      .target = target,
					      .memory = &capturer->memory,
					      .missing = &capturer->missing,
					      .pieces = &capturer->pieces,
					      .auxv = capturer->auxv,
					      .auxv_length = capturer->auxv_length,
				      });
}

/* How the capturer tells its parent what went wrong: a page that both see. */
struct verdict_page {
	bool failed;
	enum error_code code;
	char message[MAX_MESSAGE];
};

static _Noreturn void capturer_main(
	pid_t pid, const struct capture_plan *plan, int fd, struct verdict_page *page)
{
	struct capturer capturer = {0};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	struct error *error = capture(&capturer, pid, plan, fd);
	stop_destroy(capturer.stop);
	if (error) {
		page->failed = true;
		page->code = error->code;
		snprintf(page->message, sizeof(page->message), "%s", error->message);
	}
	_exit(error ? 1 : 0);
}

struct capture {
	pid_t pid;
	pid_t capturer;
	struct verdict_page *page;
};

struct error *capture_start(
	pid_t pid, const struct capture_plan *plan, int fd, struct capture **ret)
{
	struct verdict_page *page = mmap(
		NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return error_system("cannot get memory for the capture");
	pid_t capturer = fork();
	if (capturer == 0)
		capturer_main(pid, plan, fd, page);
	if (capturer < 0) {
		munmap(page, sizeof(*page));
		return error_system("cannot start the capture");
	}
	*ret = memory_alloc(sizeof(**ret));
	**ret = (struct capture){.pid = pid, .capturer = capturer, .page = page};
	return NULL;
}

static struct error *wait_for_capturer(const struct capture *capture)
{
	int status;

	while (waitpid(capture->capturer, &status, 0) < 0) {
		if (errno != EINTR)
			return error_system("cannot wait for the capture of pid %d", capture->pid);
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return NULL;
	if (capture->page->failed)
		return error_create(capture->page->code, "%s", capture->page->message);
	return error_create(ERROR_SYSTEM,
		"the capture of pid %d ended early (wait status %d); the target runs on",
		capture->pid, status);
}

struct error *capture_finish(struct capture *capture)
{
	struct error *error = wait_for_capturer(capture);

	munmap(capture->page, sizeof(*capture->page));
	free(capture);
	return error;
}
