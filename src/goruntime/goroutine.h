/* The goroutines of a program and where each of them stands.
 *
 * Sources: Go, runtime/runtime2.go (g, m, statuses), traceback.go (where unwinding starts),
 * proc.go.
 */
#pragma once

#include "goruntime.h"

/* runtime2.go: _Gidle and so on; the scan bit is taken off. */
enum goroutine_status {
	GOROUTINE_IDLE = 0,
	GOROUTINE_RUNNABLE = 1,
	GOROUTINE_RUNNING = 2,
	GOROUTINE_SYSCALL = 3,
	GOROUTINE_WAITING = 4,
	GOROUTINE_DEAD = 6,
	GOROUTINE_COPYSTACK = 8,
	GOROUTINE_PREEMPTED = 9,
	GOROUTINE_LEAKED = 10,     /* 1.26 and later: the runtime's own verdict */
	GOROUTINE_DEAD_EXTRA = 11, /* 1.26 and later: of a thread that C made */
	GOROUTINE_SCAN_BIT = 0x1000,
};

/* Where its innermost frame was found. */
enum goroutine_position {
	POSITION_SAVED,   /* it is not running: g.sched */
	POSITION_SYSCALL, /* g.syscallsp */
	POSITION_THREAD,  /* it runs: the registers of its thread */
	POSITION_VDSO,    /* it runs in the vDSO: where it called it from */
	POSITION_UNKNOWN, /* it cannot be told: its whole stack must be taken for live */
};

struct goroutine {
	addr_t address; /* of the g */
	uint64_t goid;
	enum goroutine_status status;
	enum goroutine_position position;
	bool stack_moving;    /* the runtime may be copying or scanning its stack */
	uint8_t wait_reason;  /* number in its version; layout_wait_reason() */
	uint64_t wait_since;  /* nanotime of the collection that first saw it wait; 0: none yet */
	uint64_t parent_goid; /* 0: unknown (before 1.21) */
	addr_t go_pc;         /* of the go statement that made it */
	addr_t start_pc;      /* its function */
	addr_t stack_low, stack_high;
	addr_t stack_top_sp; /* stktopsp: the sp of its outermost frame */
	addr_t pc, sp;       /* of the innermost frame */
	addr_t link; /* return address of the innermost frame, where calls leave it in a register;
			0: it is on the stack */
	addr_t context; /* sched.ctxt */
	addr_t defer, panic, labels, waiting;
	const struct registers *registers; /* POSITION_THREAD; of the target */
};

struct goroutines {
	VEC(struct goroutine) list; /* those that are alive, in the order of allgs */
	size_t dead;                /* g structures kept for reuse */
};

/* Checks what it reads: g 1 comes first, goids are unique, stack pointers are inside of stacks. */
struct error *goroutines_load(const struct goruntime *runtime, struct goroutines *ret);
void goroutines_deinit(struct goroutines *goroutines);

/* "running", "waiting" and so on. */
const char *goroutine_status_name(enum goroutine_status status);

/* The reason for which it waits, as a goroutine dump shows it; "" when it does not wait. */
const char *goroutine_wait_reason(
	const struct goruntime *runtime, const struct goroutine *goroutine);
