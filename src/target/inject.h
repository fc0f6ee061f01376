/* Calling the kernel as a thread of the target, in the one way that needs nothing to be put back.
 *
 * A Go thread that has nothing to do waits in runtime.futex or runtime.usleep. Both ignore what the
 * system call returns and need no other register afterwards. When such a thread is made to repeat
 * its `syscall` instruction with another number and other arguments, the call looks to it like a
 * wake-up for nothing. So there is no moment at which the end of silt, however it comes, would harm
 * the target. A signal that arrives meanwhile is handled as usual.
 *
 * Sources: Go, runtime/sys_linux_amd64.s (runtime.futex, runtime.usleep), os_linux.go (futexsleep).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "address.h"
#include "error.h"
#include "memory.h"

/* The address behind a `syscall` instruction of runtime.futex or runtime.usleep, and its number. */
struct idle_site {
	addr_t pc;
	long number;
};

enum { IDLE_SITES_MAX = 8 };

struct idle_sites {
	struct idle_site list[IDLE_SITES_MAX];
	unsigned count;
};

struct injection;

/* Uses a thread that this process has stopped already. NULL: that thread does not wait at such a
 * place. */
struct injection *injection_at(pid_t tid, const struct idle_sites *sites);

/* Finds such a thread, attaches to it and stops it, and no other. NULL with no error: there is none
 * now. */
struct error *injection_seize(pid_t pid, const struct idle_sites *sites, struct injection **ret);

enum { INJECTION_ARGUMENTS = 4 };

/* Returns what the call returned, negative errno included. */
struct error *injection_call(struct injection *injection, long number,
	const uint64_t arguments[INJECTION_ARGUMENTS], int64_t *ret);

/* Forks the target: clone(2) with these flags, no exit signal and this stack. The child is traced
 * by this process and stands still, but has not been waited for; the thread stands where the fork
 * was made. */
struct error *injection_fork(struct injection *injection, uint64_t flags, addr_t stack, pid_t *ret);

/* Frees; lets the thread go if it was seized here. NULL is allowed. */
void injection_destroy(struct injection *injection);
DEFINE_CLEANUP(injection)

/* Why no call may be injected into the process at all; NULL: it may. The text is constant. */
const char *injection_refusal(pid_t pid, const struct idle_sites *sites);
