/* Attaching to the threads of a process, and what to tell the user whom the kernel does not let. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "error.h"

/* By PTRACE_SEIZE. False with no error: the thread has ended. */
struct error *attach_thread(pid_t pid, pid_t tid, bool *ret_attached);

/* Why the kernel does not let us at a process, by errno, and what the user can do. */
struct error *attach_refusal(pid_t pid);

/* Who traces the process already; NULL: nobody. */
struct error *attach_rival(pid_t pid);
