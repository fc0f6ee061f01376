#include "fatal_error.h"

#include <ctype.h>
#include <string.h>

#include "bytes.h"

enum {
	SEARCHED = 1 << 16, /* bytes of a stack */
	CAPTURED = 3,       /* words that the function literal captured, at most */
};

struct search {
	const struct goruntime *runtime;
	struct fatal_error *ret;
};

static bool is_message(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (!isprint((unsigned char)text[i]))
			return false;
	}
	return true;
}

static bool read_message(const struct search *search, addr_t text, uint64_t length)
{
	struct reader reader = reader_over(search->runtime->target);
	char message[FATAL_MESSAGE_MAX + 1] = "";

	if (!length || length > FATAL_MESSAGE_MAX ||
		!reader_bytes(&reader, text, message, (size_t)length) ||
		!is_message(message, (size_t)length))
		return false;
	memcpy(search->ret->message, message, sizeof(message));
	return true;
}

static bool prints_message(const struct search *search, addr_t word)
{
	struct function function;

	return goruntime_function_at(search->runtime, word, &function) &&
	       (!strcmp(function.name, "runtime.fatal.func1") ||
		       !strcmp(function.name, "runtime.throw.func1"));
}

/* The message is a pointer and a length, behind each other. */
static bool look_behind(const struct search *search, const uint8_t *words, size_t count)
{
	for (size_t i = 1; i + 1 < count && i <= CAPTURED; i++) {
		if (read_message(search, load_u64(words + 8 * i), load_u64(words + 8 * i + 8)))
			return true;
	}
	return false;
}

static bool search_stack(const struct search *search, addr_t low, size_t length)
{
	_cleanup_free_ uint8_t *words = memory_alloc(length);
	size_t count = length / 8;

	target_read_present(search->runtime->target, low, words, length);
	for (size_t i = 0; i < count; i++) {
		if (prints_message(search, load_u64(words + 8 * i)) &&
			look_behind(search, words + 8 * i, count - i))
			return true;
	}
	return false;
}

static bool search_goroutines(const struct search *search, const struct goroutines *goroutines)
{
	for (size_t i = 0; i < goroutines->list.count; i++) {
		const struct goroutine *goroutine = &goroutines->list.items[i];
		addr_t low = goroutine->position == POSITION_UNKNOWN ? goroutine->stack_low
								     : goroutine->sp & ~7ull;

		if (goroutine->status != GOROUTINE_RUNNING ||
			!search_stack(search, low,
				(size_t)MIN(goroutine->stack_high - low, (addr_t)SEARCHED)))
			continue;
		search->ret->goroutine = (int64_t)i;
		return true;
	}
	return false;
}

/* A thread that handles the signal that ended the program is on another stack than its scheduler.
 */
static bool scheduler_stack(
	const struct goruntime *runtime, const struct target_thread *thread, struct range *ret)
{
	const struct layout *layout = &runtime->layout;
	struct reader reader = reader_over(runtime->target);
	addr_t g = thread->registers.general[layout->facts.g_register];
	addr_t g0 = read_field(&reader, read_field(&reader, g, layout->g.m), layout->m.g0);
	addr_t low = reader_u64(&reader, g0 + layout->g.stack.at);
	addr_t high = reader_u64(&reader, g0 + layout->g.stack.at + 8);

	*ret = (struct range){high - low > SEARCHED ? high - SEARCHED : low, high};
	return !reader.failed && low < high;
}

void fatal_error_stacks(const struct goruntime *runtime, struct ranges *ret)
{
	struct range stack;

	if (!target_may_be_ending(runtime->target))
		return;
	vec_foreach (thread, &runtime->target->threads) {
		if (scheduler_stack(runtime, thread, &stack))
			ranges_add(ret, stack.start, stack.end);
	}
}

static bool search_threads(const struct search *search)
{
	struct range stack;

	vec_foreach (thread, &search->runtime->target->threads) {
		if (search_stack(search, thread->registers.sp & ~7ull, SEARCHED) ||
			(scheduler_stack(search->runtime, thread, &stack) &&
				search_stack(search, stack.start & ~7ull,
					(size_t)(stack.end - stack.start))))
			return true;
	}
	return false;
}

bool fatal_error_find(const struct goruntime *runtime, const struct goroutines *goroutines,
	struct fatal_error *ret)
{
	struct search search = {runtime, ret};

	*ret = (struct fatal_error){.goroutine = NO_GOROUTINE};
	return target_may_be_ending(runtime->target) &&
	       (search_goroutines(&search, goroutines) || search_threads(&search));
}

bool fatal_error_is_deadlock(const struct fatal_error *error)
{
	return !strncmp(
		error->message, "all goroutines are asleep", strlen("all goroutines are asleep"));
}

bool fatal_error_is_of_map(const struct fatal_error *error)
{
	return !strncmp(error->message, "concurrent map ", strlen("concurrent map "));
}
