#include "thread_words.h"

#include "bytes.h"

enum {
	STACK_LOOKED_AT = 16 << 10, /* bytes from sp on, of a stack whose end is not known */
	MAX_SYSTEM_STACK = 64 << 10,
};

struct look {
	const struct goruntime *runtime;
	const struct goroutines *goroutines;
	thread_word_fn *visit;
	void *context;
	struct ranges *memory; /* when not NULL, it is only noted what would be looked at */
};

static void look_at_memory(const struct look *look, addr_t low, addr_t high)
{
	uint8_t page[OS_PAGE];

	if (look->memory) {
		ranges_add(look->memory, low, high);
		return;
	}
	for (addr_t at = low & ~7ull; at < high;) {
		size_t length = (size_t)MIN(OS_PAGE - at % OS_PAGE, high - at);

		target_read_present(look->runtime->target, at, page, length);
		for (size_t i = 0; i + 8 <= length; i += 8)
			look->visit(look->context, load_u64(page + i));
		at += length;
	}
}

static bool on_goroutine(const struct look *look, addr_t sp)
{
	vec_foreach (goroutine, &look->goroutines->list) {
		if (goroutine->stack_low <= sp && sp < goroutine->stack_high)
			return true;
	}
	return false;
}

struct system_stack {
	addr_t low, high;
};

static bool read_stack(
	const struct goruntime *runtime, struct reader *reader, addr_t g, struct system_stack *ret)
{
	ret->low = reader_u64(reader, g + runtime->layout.g.stack.at);
	ret->high = reader_u64(reader, g + runtime->layout.g.stack.at + 8);
	return !reader->failed && ret->low < ret->high && ret->high - ret->low <= MAX_SYSTEM_STACK;
}

/* In Go code a register has the g whose stack the thread is on. */
static addr_t current_g(const struct look *look, const struct registers *registers,
	struct reader *reader, struct system_stack *ret_stack)
{
	addr_t g = registers->general[look->runtime->layout.facts.g_register];

	return read_stack(look->runtime, reader, g, ret_stack) && ret_stack->low <= registers->sp &&
			       registers->sp < ret_stack->high
		       ? g
		       : 0;
}

/* Without a P and without a goroutine a thread does nothing to the heap (proc.go, stopm). */
static bool is_idle(const struct look *look, struct reader *reader, addr_t m)
{
	const struct layout *layout = &look->runtime->layout;
	uint64_t p = read_field(reader, m, layout->m.p);
	uint64_t curg = read_field(reader, m, layout->m.curg);

	return !p && !curg && !reader->failed;
}

/* A signal handler may have interrupted the scheduler, on g0. */
static void look_at_system_stack(const struct look *look, const struct registers *registers)
{
	const struct layout *layout = &look->runtime->layout;
	struct reader reader = reader_over(look->runtime->target);
	struct system_stack stack;
	addr_t g = current_g(look, registers, &reader, &stack);
	addr_t m = g ? read_field(&reader, g, layout->g.m) : 0;

	if (m && is_idle(look, &reader, m))
		return;
	look_at_memory(look, registers->sp, m ? stack.high : registers->sp + STACK_LOOKED_AT);
	for (unsigned i = 0; look->visit && i < registers->general_count; i++)
		look->visit(look->context, registers->general[i]);
	if (m && read_field(&reader, m, layout->m.gsignal) == g &&
		read_stack(look->runtime, &reader, read_field(&reader, m, layout->m.g0), &stack))
		look_at_memory(look, stack.low, stack.high);
}

/* Those that are on the stack of a goroutine are scanned with it. */
static void look_at_threads(const struct look *look)
{
	vec_foreach (thread, &look->runtime->target->threads) {
		if (!on_goroutine(look, thread->registers.sp))
			look_at_system_stack(look, &thread->registers);
	}
}

void thread_words_each(const struct goruntime *runtime, const struct goroutines *goroutines,
	thread_word_fn *visit, void *context)
{
	look_at_threads(&(struct look){
		.runtime = runtime, .goroutines = goroutines, .visit = visit, .context = context});
}

void thread_words_memory(
	const struct goruntime *runtime, const struct goroutines *goroutines, struct ranges *ret)
{
	look_at_threads(
		&(struct look){.runtime = runtime, .goroutines = goroutines, .memory = ret});
}
