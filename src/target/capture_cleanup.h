/* What a capture may leave in the target when it is killed half-way, and taking it away again.
 *
 * That is the zombie of a forked copy, which is told from the target's own children by its exit
 * signal (none), and a userfaultfd, which is told from one of the target's own by never having been
 * set up (UFFDIO_API): the capture sets it up when the target has closed its descriptor.
 */
#pragma once

#include "error.h"
#include "inject.h"

/* Makes the target wait for the zombies of its forked copies. */
struct error *capture_reap(pid_t pid, const struct idle_sites *sites);

/* Takes away all that was left. Injects nothing where nothing was left, nor while somebody else
 * traces the target: it may be in use. ERROR_SYSTEM: a thread does not stop, or does not come back
 * from the call; only the end of this process lets it go. */
struct error *capture_clear_away(pid_t pid, const struct idle_sites *sites);
