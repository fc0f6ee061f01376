#include "same_process.h"

#include <string.h>

static bool same_section(
	const struct program *first, const struct program *second, const char *name)
{
	struct section a = {0}, b = {0};

	executable_section(first->executable, name, &a);
	executable_section(second->executable, name, &b);
	if (!a.length || !b.length) /* one of them is known by its memory alone */
		return true;
	return a.length == b.length && !memcmp(a.bytes, b.bytes, a.length);
}

static bool same_executable(const struct program *first, const struct program *second)
{
	return !strcmp(first->executable->go_version, second->executable->go_version) &&
	       same_section(first, second, ".note.go.buildid") &&
	       same_section(first, second, ".note.gnu.build-id");
}

/* What is 0 is not known. */
static bool differ(uint64_t first, uint64_t second)
{
	return first && second && first != second;
}

/* Chance decides where the kernel puts a stack, so this tells processes apart in cores that know
 * nothing else of them. */
static bool same_places(const struct program *first, const struct program *second)
{
	const struct goruntime *a = first->runtime, *b = second->runtime;

	return !differ(first->target->random, second->target->random) && a->mheap == b->mheap &&
	       a->allgs == b->allgs &&
	       a->modules.list.items[0].text == b->modules.list.items[0].text;
}

static struct error *not_the_same(const char *what)
{
	return error_create(ERROR_USAGE,
		"these are not two moments of one process (%s): give two snapshots of the same one",
		what);
}

struct error *same_process(const struct program *first, const struct program *second)
{
	const struct capture_facts *a = &first->target->capture, *b = &second->target->capture;

	if (!same_executable(first, second))
		return not_the_same("their executables differ");
	if (*a->boot_id && *b->boot_id && strcmp(a->boot_id, b->boot_id) != 0)
		return not_the_same("the machine was started again between them, or they are of "
				    "two machines");
	if (differ(a->start_ticks, b->start_ticks) || !same_places(first, second))
		return not_the_same("they started at different times, or are two of the same "
				    "program");
	return NULL;
}
