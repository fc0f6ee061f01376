/* Is there room for a capture: memory and tasks, of the target's control groups and of the machine?
 *
 * A forked copy shares its memory with the target until one of the two writes to it. It has page
 * tables of its own, and what the target writes to while it lives is there twice, for which the
 * target's control group pays (mm/memcontrol.c charges who touches a page first). Pre-copy makes
 * page tables also for mapped memory that was never touched, to mark it
 * (UFFD_FEATURE_WP_UNPOPULATED). What is captured goes to a file, which may be in memory as well.
 */
#pragma once

#include "cgroup.h"
#include "target.h"

/* What there is. */
struct capture_room {
	struct cgroup_room group;
	uint64_t machine; /* bytes that the kernel can give without swapping: MemAvailable */
	uint64_t commit;  /* bytes that may still be promised; UINT64_MAX: as many as one likes */
};

void capture_room(const char *root, pid_t pid, struct capture_room *ret);

/* Why a forked copy, or pre-copy, would not fit, and what helps, as malloc()ed text; NULL: it does.
 */
char *fork_room_refusal(const struct target *target, const struct capture_room *room);
char *precopy_room_refusal(const struct target *target, const struct capture_room *room);

/* Why so many bytes would not fit into the file that they are to be kept in, and what helps; NULL:
 * they do. */
char *spool_room_refusal(int fd, uint64_t bytes);

/* Bytes that this process may use for a while and give back. */
uint64_t capture_buffer_room(void);
