#include "stack_closures.h"

#include <string.h>

#include "bytes.h"
#include "unwind.h"

enum { MAX_SEARCHED = 1 << 16 }; /* bytes of a stack, from its innermost frame on */

struct search {
	const struct goruntime *runtime;
	stack_closure_fn *visit;
	void *context;
	const uint8_t *words;
	size_t length;
	addr_t low;
	const struct goroutine *goroutine;
	bool unwound; /* frames: found when they are first asked for */
	struct frames frames;
};

static const struct frames *frames_of(struct search *search)
{
	if (!search->unwound)
		unwind(search->runtime, search->goroutine, &search->frames);
	search->unwound = true;
	return &search->frames;
}

/* The frame that an address is in. */
static const struct frame *frame_at(struct search *search, addr_t at)
{
	vec_foreach (frame, &frames_of(search)->list) {
		if (frame->sp <= at && at < frame->fp)
			return frame;
	}
	return NULL;
}

static bool is_running(struct search *search, addr_t entry)
{
	vec_foreach (frame, &frames_of(search)->list) {
		if (frame->function.entry == entry)
			return true;
	}
	return false;
}

static const char *deferred_by(struct search *search, addr_t at)
{
	const struct frame *frame = frame_at(search, at);

	return frame && frame->function.deferreturn ? frame->function.name : NULL;
}

static bool in_stack(struct search *search, addr_t address)
{
	return search->low <= address && address < search->low + search->length;
}

/* What a function has deferred is in its frame, and named after it: main.run.deferwrap1, up to 1.21
 * main.run.func1. Elsewhere in the stack it is from before, when that function had a frame there.
 * Other functions, but for literals and methods with their receiver (main.T.Stop-fm), capture
 * nothing: then what lies behind the address of one is not its own. */
static bool is_closure(struct search *search, const char *name, addr_t at)
{
	const struct frame *frame = in_stack(search, at) ? frame_at(search, at) : NULL;

	if (frame && strncmp(name, frame->function.name, strlen(frame->function.name)))
		return false;
	return strstr(name, "wrap") || strstr(name, ".func") || strstr(name, "-fm");
}

/* Is the word the function of a closure that lies at the address? */
static bool is_entry(struct search *search, addr_t word, addr_t at)
{
	struct function function;

	return goruntime_function_at(search->runtime, word, &function) &&
	       is_closure(search, function.name, at) && !is_running(search, word);
}

static bool is_code(struct search *search, addr_t word)
{
	return modules_of_text(&search->runtime->modules, word) != NULL;
}

static void look_behind(struct search *search, size_t at, addr_t word)
{
	struct reader reader = reader_over(search->runtime->target);
	addr_t entry = reader_u64(&reader, word);

	if (reader.failed || !is_entry(search, entry, word))
		return;
	addr_t captured = reader_u64(&reader, word + 8);
	search->visit(search->context,
		&(struct stack_closure){search->low + at, entry, reader.failed ? 0 : captured, true,
			deferred_by(search, search->low + at)});
}

static void look_at(struct search *search, size_t at)
{
	addr_t word = load_u64(search->words + at);
	bool last = at + 16 > search->length;

	if (word < UINT16_MAX)
		return;
	if (!is_code(search, word))
		look_behind(search, at, word);
	else if (is_entry(search, word, search->low + at))
		search->visit(
			search->context, &(struct stack_closure){search->low + at, word,
						 last ? 0 : load_u64(search->words + at + 8), false,
						 deferred_by(search, search->low + at)});
}

/* The words from the innermost frame on; NULL: they were not captured. */
static uint8_t *read_words(const struct goruntime *runtime, const struct goroutine *goroutine,
	addr_t *ret_low, size_t *ret_length)
{
	addr_t low = goroutine->sp & ~7ull;
	uint8_t *words;

	if (goroutine->position == POSITION_UNKNOWN || low >= goroutine->stack_high)
		return NULL;
	*ret_low = low;
	*ret_length = (size_t)MIN(goroutine->stack_high - low, (addr_t)MAX_SEARCHED);
	words = memory_alloc(*ret_length);
	if (target_read_present(runtime->target, low, words, *ret_length)) {
		free(words);
		return NULL;
	}
	return words;
}

void stack_closures_each(const struct goruntime *runtime, const struct goroutine *goroutine,
	stack_closure_fn *visit, void *context)
{
	struct search search = {
		.runtime = runtime, .visit = visit, .context = context, .goroutine = goroutine};
	_cleanup_free_ uint8_t *words = read_words(runtime, goroutine, &search.low, &search.length);

	if (!words)
		return;
	search.words = words;
	for (size_t at = 0; at + 8 <= search.length; at += 8)
		look_at(&search, at);
	frames_deinit(&search.frames);
}

void stack_words_each(const struct goruntime *runtime, const struct goroutine *goroutine,
	stack_any_word_fn *visit, void *context)
{
	size_t length = 0;
	addr_t low;
	_cleanup_free_ uint8_t *words = read_words(runtime, goroutine, &low, &length);

	for (size_t at = 0; words && at + 8 <= length; at += 8)
		visit(context, load_u64(words + at));
}
