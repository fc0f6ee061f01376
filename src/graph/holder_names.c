#include "holder_names.h"

#include "text.h"

enum rank { RANK_OWN, RANK_NAMELESS, RANK_NO_VARIABLE, RANK_LIBRARY };

unsigned holder_rank(const struct object_graph *objects, uint32_t number)
{
	const struct holder *holder = &objects->holders.items[number];

	if (holder->kind != HOLDER_VARIABLE)
		return RANK_NO_VARIABLE;
	const char *name = objects->variables.items[holder->index].name;
	if (!name)
		return RANK_NAMELESS;
	return standard_library_has_name(&objects->stacks.library, name) ? RANK_LIBRARY : RANK_OWN;
}

static int by_rank(const void *left, const void *right, void *context)
{
	const uint32_t *a = left, *b = right;
	unsigned a_rank = holder_rank(context, *a), b_rank = holder_rank(context, *b);

	if (a_rank != b_rank)
		return a_rank < b_rank ? -1 : 1;
	return (*a > *b) - (*a < *b);
}

char *holder_names(struct naming *naming, const struct object_graph *objects,
	const uint32_t *holders, size_t count, size_t shown)
{
	_cleanup_free_ uint32_t *sorted = memory_array(count, sizeof(*sorted));
	struct text text = {0};

	for (size_t i = 0; i < count; i++)
		sorted[i] = holders[i];
	if (count)
		qsort_r(sorted, count, sizeof(*sorted), by_rank, (void *)(uintptr_t)objects);
	for (size_t i = 0; i < MIN(count, shown); i++) {
		_cleanup_free_ char *name = naming_holder(naming, sorted[i]);

		text_add(&text, "%s%s", i ? ", " : "", name);
	}
	if (count > shown)
		text_add(&text, " and %zu more", count - shown);
	return text_take(&text);
}
