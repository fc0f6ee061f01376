/* Stopping a process: all threads, by PTRACE_SEIZE and PTRACE_INTERRUPT, and letting go again.
 *
 * Nothing is written to the target. When this process ends, however it ends, the kernel detaches
 * what is still attached and the target runs on. PTRACE_O_EXITKILL is never set. Only the thread
 * that called stop_create() may call the other functions.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "error.h"
#include "target.h"

struct stop;

/* Attaches to every thread and stops it. A thread that does not stop within the time (it sleeps in
 * the kernel where no signal reaches it, or the machine is busy) is an error, and everything is let
 * go: ERROR_BUSY when `limit_ns` was shorter than the usual 2 s. 0: that. */
struct error *stop_create(pid_t pid, uint64_t limit_ns, struct stop **ret);

/* As waitpid(tid, ret_status, __WALL | WNOHANG), but a stop before the delivery of a signal is
 * looked at and stays to be waited for: so the kernel delivers the signal if this process ends
 * before it has let the thread go on with it. What was waited for is forgotten with the tracer, and
 * the signal would be lost (kernel/exit.c, wait_task_stopped clears exit_code, which ptrace_signal
 * reads). */
pid_t stop_poll(pid_t tid, int *ret_status);

/* The signal before whose delivery a thread stands, which is not waited for; 0: it does not. Who
 * lets it go has to pass it on. */
int stop_signal(pid_t tid);

/* Sleeps until something has happened to a traced thread since the last call, or until
 * CLOCK_MONOTONIC is `limit`, and perhaps less: whoever polled again and again would take the
 * processor from the very thread that it waits for. stop_listen() comes first, before threads are
 * seized: from then on SIGCHLD, by which the kernel tells of them, is blocked in the calling thread
 * and in those that it starts. */
void stop_listen(void);
void stop_sleep(uint64_t limit);

/* Waits, until CLOCK_MONOTONIC is `limit`, for the trap that PTRACE_INTERRUPT asked for.
 * ret_stopped stays false when the thread has ended. For a thread that this process has seized. */
struct error *stop_wait(pid_t pid, pid_t tid, uint64_t limit, bool *ret_stopped);

/* Appends the threads, with the registers that they stopped with. */
struct error *stop_threads(const struct stop *stop, struct target *target);

/* The registers of a thread that stands still. */
bool stop_registers(pid_t tid, struct registers *ret);

/* Calls `visit` for each thread that stands still, until it returns true. */
typedef bool stop_visit_fn(void *context, pid_t tid);
bool stop_find(const struct stop *stop, stop_visit_fn *visit, void *context);

/* Lets this process go before all others until the target is let go. When all that is left to do is
 * ours. */
void stop_hurry(const struct stop *stop);

/* When the first thread was asked to stop, CLOCK_MONOTONIC. */
uint64_t stop_began_ns(const struct stop *stop);

/* Lets all threads go, at once; stop_destroy() has nothing left to do then. */
void stop_release(struct stop *stop);

/* Lets the target go, and frees. NULL is allowed. */
void stop_destroy(struct stop *stop);
DEFINE_CLEANUP(stop)
