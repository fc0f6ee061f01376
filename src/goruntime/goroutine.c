#include "goroutine.h"

#include "addrmap.h"
#include "self_check.h"

enum { MAX_GOROUTINES = 1 << 26 };

const char *goroutine_status_name(enum goroutine_status status)
{
	switch (status) {
	case GOROUTINE_IDLE:
		return "idle";
	case GOROUTINE_RUNNABLE:
		return "runnable";
	case GOROUTINE_RUNNING:
		return "running";
	case GOROUTINE_SYSCALL:
		return "syscall";
	case GOROUTINE_WAITING:
		return "waiting";
	case GOROUTINE_COPYSTACK:
		return "copystack";
	case GOROUTINE_PREEMPTED:
		return "preempted";
	case GOROUTINE_LEAKED:
		return "leaked";
	default:
		return "dead";
	}
}

static bool in_stack(const struct goroutine *goroutine, addr_t sp)
{
	return goroutine->stack_low <= sp && sp < goroutine->stack_high;
}

/* The thread that is on the goroutine's stack, else that of its m. A core that was written from
 * outside the process's pid namespace has other numbers than m.procid. */
static const struct target_thread *find_thread(
	const struct target *target, const struct goroutine *goroutine, uint64_t procid)
{
	vec_foreach (thread, &target->threads) {
		if (in_stack(goroutine, thread->registers.sp))
			return thread;
	}
	vec_foreach (thread, &target->threads) {
		if ((uint64_t)thread->tid == procid)
			return thread;
	}
	return NULL;
}

static addr_t saved_link(
	const struct goruntime *runtime, struct reader *reader, const struct goroutine *goroutine)
{
	const struct layout *layout = &runtime->layout;

	return read_field(reader, goroutine->address + layout->g.sched.at, layout->gobuf.lr);
}

/* A running goroutine is where its thread is, when that is on its stack. Else the thread is on the
 * stack of the scheduler (then g.sched tells) or of the signal handler (then nothing does). In the
 * core of a crash threads are in the handler of the signal that ended the program: who has left his
 * stack for that of the scheduler before has saved where (asm_amd64.s, systemstack: while he is on
 * his own, gobuf.sp is 0). */
static void place_running(
	const struct goruntime *runtime, struct reader *reader, struct goroutine *goroutine)
{
	const struct layout *layout = &runtime->layout;
	addr_t m = read_field(reader, goroutine->address, layout->g.m);
	const struct target_thread *thread =
		m ? find_thread(runtime->target, goroutine, read_field(reader, m, layout->m.procid))
		  : NULL;

	if (!m || !thread)
		return;
	addr_t vdso_sp = read_field(reader, m, layout->m.vdso_sp);
	addr_t signal_g = read_field(reader, m, layout->m.gsignal);
	addr_t signal_low = signal_g ? reader_u64(reader, signal_g + layout->g.stack.at) : 0;
	addr_t signal_high = signal_g ? reader_u64(reader, signal_g + layout->g.stack.at + 8) : 0;
	addr_t sp = thread->registers.sp;

	if (in_stack(goroutine, sp)) {
		goroutine->position = POSITION_THREAD;
		goroutine->registers = &thread->registers;
		goroutine->pc = thread->registers.pc;
		goroutine->sp = sp;
		goroutine->link = thread->registers.general[layout->facts.link_register];
	} else if (in_stack(goroutine, vdso_sp)) {
		goroutine->position = POSITION_VDSO;
		goroutine->pc = read_field(reader, m, layout->m.vdso_pc);
		goroutine->sp = vdso_sp;
	} else if ((!(signal_low <= sp && sp < signal_high) ||
			   target_may_be_ending(runtime->target)) &&
		   in_stack(goroutine, goroutine->sp)) {
		goroutine->position = POSITION_SAVED;
		goroutine->link = saved_link(runtime, reader, goroutine);
	}
}

static void place(
	const struct goruntime *runtime, struct reader *reader, struct goroutine *goroutine)
{
	const struct layout *layout = &runtime->layout;
	addr_t sched = goroutine->address + layout->g.sched.at;
	addr_t syscall_sp = read_field(reader, goroutine->address, layout->g.syscallsp);

	goroutine->sp = read_field(reader, sched, layout->gobuf.sp);
	goroutine->pc = read_field(reader, sched, layout->gobuf.pc);
	goroutine->position = POSITION_UNKNOWN;
	if (syscall_sp) {
		goroutine->position = POSITION_SYSCALL;
		goroutine->sp = syscall_sp;
		goroutine->pc = read_field(reader, goroutine->address, layout->g.syscallpc);
	} else if (goroutine->status == GOROUTINE_RUNNING) {
		place_running(runtime, reader, goroutine);
	} else {
		goroutine->position = POSITION_SAVED;
		goroutine->link = saved_link(runtime, reader, goroutine);
	}
	if (!in_stack(goroutine, goroutine->sp))
		goroutine->position = POSITION_UNKNOWN;
}

static struct goroutine read_goroutine(
	const struct goruntime *runtime, struct reader *reader, addr_t g)
{
	const struct layout *layout = &runtime->layout;
	uint64_t status = read_field(reader, g, layout->g.atomicstatus);

	return (struct goroutine){
		.address = g,
		.goid = read_field(reader, g, layout->g.goid),
		.status = (enum goroutine_status)(status & ~(uint64_t)GOROUTINE_SCAN_BIT),
		.stack_moving = status & GOROUTINE_SCAN_BIT || status == GOROUTINE_COPYSTACK,
		.wait_reason = (uint8_t)read_field(reader, g, layout->g.waitreason),
		.wait_since = read_field(reader, g, layout->g.waitsince),
		.parent_goid = field_present(layout->g.parent_goid)
				       ? read_field(reader, g, layout->g.parent_goid)
				       : 0,
		.go_pc = read_field(reader, g, layout->g.gopc),
		.start_pc = read_field(reader, g, layout->g.startpc),
		.stack_low = reader_u64(reader, g + layout->g.stack.at),
		.stack_high = reader_u64(reader, g + layout->g.stack.at + 8),
		.stack_top_sp = read_field(reader, g, layout->g.stktopsp),
		.context = read_field(reader, g + layout->g.sched.at, layout->gobuf.ctxt),
		.defer = read_field(reader, g, layout->g.defer),
		.panic = read_field(reader, g, layout->g.panic),
		.labels = read_field(reader, g, layout->g.labels),
		.waiting = read_field(reader, g, layout->g.waiting),
	};
}

static struct error *bad_g(addr_t g, const char *why)
{
	return error_create(ERROR_LAYOUT, "g at 0x%" PRIaddr ": %s", (unsigned long long)g, why);
}

static bool is_dead(const struct goroutine *goroutine)
{
	return goroutine->status == GOROUTINE_IDLE || goroutine->status == GOROUTINE_DEAD ||
	       goroutine->status == GOROUTINE_DEAD_EXTRA;
}

static struct error *add_goroutine(const struct goruntime *runtime, struct reader *reader, addr_t g,
	struct addrmap *goids, struct goroutines *goroutines)
{
	struct goroutine goroutine = read_goroutine(runtime, reader, g);

	TRY(reader_error(reader, "g"));
	if (goroutine.status > GOROUTINE_DEAD_EXTRA)
		return bad_g(g, "its status makes no sense");
	if (is_dead(&goroutine)) {
		goroutines->dead++;
		return NULL;
	}
	if (goroutine.stack_low >= goroutine.stack_high)
		return bad_g(g, "its stack ends before it begins");
	if (addrmap_get(goids, goroutine.goid, NULL))
		return bad_g(g, "two goroutines have its id");
	addrmap_set(goids, goroutine.goid, 0);
	place(runtime, reader, &goroutine);
	TRY(reader_error(reader, "g"));
	vec_push(&goroutines->list, goroutine);
	return NULL;
}

static struct error *load(
	const struct goruntime *runtime, struct addrmap *goids, struct goroutines *goroutines)
{
	struct reader reader = reader_over(runtime->target);
	addr_t array = reader_u64(&reader, runtime->allgs);
	uint64_t count = reader_u64(&reader, runtime->allgs + 8);

	TRY(reader_error(&reader, "allgs"));
	if (!count || count > MAX_GOROUTINES)
		return error_create(
			ERROR_LAYOUT, "allgs has %llu entries", (unsigned long long)count);
	for (uint64_t i = 0; i < count; i++) {
		addr_t g = reader_u64(&reader, array + 8 * i);

		TRY(reader_error(&reader, "allgs"));
		if (!g && i && i == count - 1)
			break; /* its length is written before it (proc.go, allgadd) */
		if (i == 0 && goruntime_keeps_first(runtime) &&
			read_field(&reader, g, runtime->layout.g.goid) != 1)
			return bad_g(g, "the first goroutine does not have the id 1");
		TRY(add_goroutine(runtime, &reader, g, goids, goroutines));
	}
	return NULL;
}

struct error *goroutines_load(const struct goruntime *runtime, struct goroutines *ret)
{
	struct goroutines goroutines = {0};
	struct addrmap goids = {0};
	struct error *error = load(runtime, &goids, &goroutines);

	addrmap_deinit(&goids);
	if (!error)
		error = self_check_goroutines(runtime, &goroutines);
	if (error) {
		goroutines_deinit(&goroutines);
		return error;
	}
	*ret = goroutines;
	return NULL;
}

void goroutines_deinit(struct goroutines *goroutines)
{
	vec_deinit(&goroutines->list);
}

const char *goroutine_wait_reason(
	const struct goruntime *runtime, const struct goroutine *goroutine)
{
	bool waits =
		goroutine->status == GOROUTINE_WAITING || goroutine->status == GOROUTINE_LEAKED;
	const char *reason =
		waits ? layout_wait_reason(&runtime->layout, goroutine->wait_reason) : NULL;

	return reason ? reason : "";
}
