#include "write_watch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "fault_point.h"
#include "memory.h"
#include "parallel.h"
#include "priority.h"

/* linux/userfaultfd.h and linux/fs.h of Linux 6.7; older headers do not have them. */
#ifndef UFFD_FEATURE_WP_UNPOPULATED
#define UFFD_FEATURE_WP_UNPOPULATED (1 << 13)
#endif
#ifndef UFFD_FEATURE_WP_ASYNC
#define UFFD_FEATURE_WP_ASYNC (1 << 15)
#endif

struct scan_region {
	uint64_t start;
	uint64_t end;
	uint64_t categories;
};

struct scan_argument {
	uint64_t size;
	uint64_t flags;
	uint64_t start;
	uint64_t end;
	uint64_t walk_end;
	uint64_t vec;
	uint64_t vec_len;
	uint64_t max_pages;
	uint64_t category_inverted;
	uint64_t category_mask;
	uint64_t category_anyof_mask;
	uint64_t return_mask;
};

#define SCAN_PAGES          _IOWR('f', 16, struct scan_argument)
#define SCAN_PROTECT        1 /* PM_SCAN_WP_MATCHING */
#define SCAN_ASYNC          2 /* PM_SCAN_CHECK_WPASYNC */
#define SCAN_WRITTEN        2 /* PAGE_IS_WRITTEN */
#define USERFAULT_USER_ONLY 1 /* UFFD_USER_MODE_ONLY: needs no privilege */

enum {
	SCAN_REGIONS = 512, /* the kernel gathers no more at once (fs/proc/task_mmu.c,
			       PAGEMAP_WALK_SIZE) */
	OLDEST_MAJOR = 6,
	OLDEST_MINOR = 7,
	STEPS_FOR_WORKER = 8, /* a thread for fewer takes longer to start than it saves */
};

/* The kernel locks the map of the address space while it goes through a range (mmap_lock). While it
 * looks, the target waits only when it wants to change the map; while it takes off protection, also
 * when it touches new memory. So a range is taken in steps, of a few hundred microseconds each.
 */
#define SCAN_STEP_BYTES    ((addr_t)32 << 20)
#define UNWATCH_STEP_BYTES ((addr_t)4 << 20)

struct write_watch {
	int userfault;
	int pagemap;
	struct ranges watched;
};

bool write_watch_supported(void)
{
	struct utsname name;
	int major = 0, minor = 0;

	return uname(&name) == 0 && sscanf(name.release, "%d.%d", &major, &minor) == 2 &&
	       (major > OLDEST_MAJOR || (major == OLDEST_MAJOR && minor >= OLDEST_MINOR));
}

/* A limit of the target's descriptors, a kernel or a security module without it: another way to
 * capture may do. */
static struct error *not_possible(const char *what, int problem)
{
	return error_create(
		ERROR_BUSY, "%s: %s: try --capture=fork or stop", what, strerror(problem));
}

static int take_descriptor(pid_t pid, int number)
{
	_cleanup_close_ int process =
		(int)FAULT_POINT("pidfd_open", syscall(SYS_pidfd_open, pid, 0));

	return process < 0 ? -1
			   : (int)FAULT_POINT(
				     "pidfd_getfd", syscall(SYS_pidfd_getfd, process, number, 0));
}

/* Opens it in the target, copies it to us, closes it there. */
static struct error *open_in_target(pid_t pid, struct injection *injection, int *ret)
{
	const uint64_t open_arguments[INJECTION_ARGUMENTS] = {
		O_CLOEXEC | O_NONBLOCK | USERFAULT_USER_ONLY};
	int64_t number, closed;

	TRY(injection_call(injection, SYS_userfaultfd, open_arguments, &number));
	if (number < 0)
		return not_possible("the target may not open a userfaultfd", (int)-number);
	int mine = take_descriptor(pid, (int)number);
	int problem = errno;
	const uint64_t close_arguments[INJECTION_ARGUMENTS] = {(uint64_t)number};
	struct error *error = injection_call(injection, SYS_close, close_arguments, &closed);
	if (!error && mine < 0)
		error = not_possible("cannot take over the userfaultfd of the target", problem);
	if (error && mine >= 0)
		close(mine);
	if (!error)
		*ret = mine;
	return error;
}

static struct error *set_up(struct write_watch *watch, pid_t pid)
{
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = UFFD_FEATURE_WP_ASYNC | UFFD_FEATURE_WP_UNPOPULATED |
			    UFFD_FEATURE_PAGEFAULT_FLAG_WP,
	};
	char path[64];

	if (FAULT_POINT("uffd_api", ioctl(watch->userfault, UFFDIO_API, &api)) < 0)
		return not_possible(
			"this kernel cannot watch writes without stopping the writer", errno);
	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	watch->pagemap = FAULT_POINT("open_pagemap", open(path, O_RDONLY | O_CLOEXEC));
	if (watch->pagemap < 0)
		return error_system("cannot open %s", path);
	return NULL;
}

struct error *write_watch_create(
	pid_t pid, const struct idle_sites *sites, struct write_watch **ret)
{
	_cleanup_(cleanup_injection) struct injection *injection = NULL;

	*ret = NULL;
	TRY(injection_seize(pid, sites, &injection));
	if (!injection)
		return NULL;
	_cleanup_(cleanup_write_watch) struct write_watch *watch = memory_alloc(sizeof(*watch));
	watch->userfault = watch->pagemap = -1;
	TRY(open_in_target(pid, injection, &watch->userfault));
	TRY(set_up(watch, pid));
	*ret = take_pointer(watch);
	return NULL;
}

/* When the descriptor is closed, the kernel takes off all protection that is left at one go, and
 * keeps the target from its memory meanwhile. What fails here is left to that. */
static void unwatch(struct write_watch *watch)
{
	vec_foreach (range, &watch->watched.list) {
		for (addr_t at = range->start; at < range->end; at += UNWATCH_STEP_BYTES) {
			struct uffdio_range step = {at, MIN(range->end - at, UNWATCH_STEP_BYTES)};

			FAULT_POINT("uffd_unregister",
				ioctl(watch->userfault, UFFDIO_UNREGISTER, &step));
			priority_step_aside();
		}
	}
}

void write_watch_destroy(struct write_watch *watch)
{
	if (!watch)
		return;
	unwatch(watch);
	if (watch->userfault >= 0)
		close(watch->userfault);
	if (watch->pagemap >= 0)
		close(watch->pagemap);
	ranges_deinit(&watch->watched);
	free(watch);
}

struct error *write_watch_add(struct write_watch *watch, addr_t start, addr_t end)
{
	struct uffdio_register registration = {
		.range = {.start = start, .len = end - start},
		.mode = UFFDIO_REGISTER_MODE_WP,
	};

	if (FAULT_POINT("uffd_register", ioctl(watch->userfault, UFFDIO_REGISTER, &registration)) <
		0)
		return errno == EBUSY
			       ? error_create(ERROR_BUSY,
					 "its memory is being watched already, by another capture: wait for its end, or --capture=fork")
			       : NULL;
	ranges_add(&watch->watched, start, end);
	ranges_normalise(&watch->watched);
	return NULL;
}

/* The kernel stops where its vector is full; it goes on from there. */
static struct error *take_step(int pagemap, const struct range *step, struct ranges *ret)
{
	struct scan_region regions[SCAN_REGIONS];

	for (addr_t at = step->start; at < step->end;) {
		struct scan_argument argument = {
			.size = sizeof(argument),
			.flags = SCAN_PROTECT | SCAN_ASYNC,
			.start = at,
			.end = step->end,
			.vec = (uint64_t)(uintptr_t)regions,
			.vec_len = SCAN_REGIONS,
			.category_mask = SCAN_WRITTEN,
			.return_mask = SCAN_WRITTEN,
		};
		int count = FAULT_POINT("pagemap_scan", ioctl(pagemap, SCAN_PAGES, &argument));

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0 && errno == EPERM) { /* something else has been mapped there */
			ranges_extend(ret, at, step->end);
			return NULL;
		}
		if (count < 0)
			return error_system("cannot scan the page map");
		for (int i = 0; i < count; i++)
			ranges_extend(ret, regions[i].start, regions[i].end);
		if (argument.walk_end <= at)
			return NULL;
		at = argument.walk_end;
	}
	return NULL;
}

struct scan {
	int pagemap;
	struct ranges steps;
	struct parallel_share share;
	struct ranges written[MAX_WORKERS];
};

static struct error *scan_work(void *context, unsigned worker)
{
	struct scan *scan = context;
	uint64_t at, end;

	while (parallel_take(&scan->share, 1, &at, &end))
		TRY(take_step(scan->pagemap, &scan->steps.list.items[at], &scan->written[worker]));
	return NULL;
}

static void plan_steps(const struct ranges *watched, struct ranges *ret)
{
	vec_foreach (range, &watched->list) {
		for (addr_t at = range->start; at < range->end; at += SCAN_STEP_BYTES)
			ranges_add(ret, at, MIN(range->end, at + SCAN_STEP_BYTES));
	}
}

struct error *write_watch_take(struct write_watch *watch, unsigned workers, struct ranges *ret)
{
	struct scan scan = {.pagemap = watch->pagemap};

	plan_steps(&watch->watched, &scan.steps);
	scan.share.count = scan.steps.list.count;
	unsigned useful = (unsigned)MIN(scan.share.count / STEPS_FOR_WORKER, (uint64_t)MAX_WORKERS);
	struct error *error = parallel_run(MIN(workers, useful), scan_work, &scan);
	for (unsigned i = 0; i < MAX_WORKERS; i++) {
		vec_foreach (range, &scan.written[i].list)
			ranges_add(ret, range->start, range->end);
		ranges_deinit(&scan.written[i]);
	}
	ranges_deinit(&scan.steps);
	ranges_normalise(ret);
	return error;
}

const struct ranges *write_watch_ranges(const struct write_watch *watch)
{
	return &watch->watched;
}
