#include "holder_rank.h"

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
