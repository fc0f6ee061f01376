/* Which pages a running process writes to: write protection by userfaultfd that the kernel takes
 * off by itself (UFFD_FEATURE_WP_ASYNC), and PAGEMAP_SCAN, which tells where it has done so.
 *
 * The target is made to open the userfaultfd; this process takes it over. When its last descriptor
 * is closed, also by the end of this process, the kernel removes all protection.
 *
 * Source: Documentation/admin-guide/mm/userfaultfd.rst and pagemap.rst; needs Linux 6.7.
 */
#pragma once

#include "error.h"
#include "memory.h"
#include "inject.h"
#include "ranges.h"

struct write_watch;

/* Needs two injected calls. NULL with no error: no thread of the target was free for them. What is
 * not possible here is ERROR_BUSY. */
struct error *write_watch_create(
	pid_t pid, const struct idle_sites *sites, struct write_watch **ret);
void write_watch_destroy(struct write_watch *watch);
DEFINE_CLEANUP(write_watch)

/* Watches a mapping, if the kernel lets it be watched. All of its pages count as written at first.
 * An error when it is being watched by somebody else: another capture. */
struct error *write_watch_add(struct write_watch *watch, addr_t start, addr_t end);

/* Appends what has been written to since the last call, and protects it anew. With several workers
 * it takes processors from a target that runs. */
struct error *write_watch_take(struct write_watch *watch, unsigned workers, struct ranges *ret);

/* What is watched; normalised. */
const struct ranges *write_watch_ranges(const struct write_watch *watch);

/* Can this kernel do it? */
bool write_watch_supported(void);
