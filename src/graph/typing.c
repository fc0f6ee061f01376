#include "typing.h"

#include <string.h>

#include "guesses.h"
#include "spread.h"
#include "big_table.h"
#include "type_seeds.h"

struct error *typing_create(const struct program *program, const struct heap *heap,
	struct pointer_maps *maps, struct typing **ret)
{
	_cleanup_(cleanup_typing) struct typing *typing = memory_alloc(sizeof(*typing));

	typing->program = program;
	typing->heap = heap;
	typing->maps = maps;
	types_init(&typing->types, program->runtime);
	dwarf_types_attach(&typing->types, program->debuginfo);
	object_types_init(&typing->object_types, &typing->types, program->debuginfo);
	TRY(big_table_alloc(heap->slots, sizeof(otype_t), &typing->of));
	*ret = take_pointer(typing);
	return NULL;
}

void typing_destroy(struct typing *typing)
{
	if (!typing)
		return;
	big_table_free(typing->of, typing->heap->slots * sizeof(otype_t));
	object_types_deinit(&typing->object_types);
	types_deinit(&typing->types);
	free(typing);
}

/* First what is certain, then what follows from it; guesses come last, when nothing better is left.
 */
struct error *typing_run(struct typing *typing)
{
	struct spread *spread;

	TRY(spread_create(typing, &spread));
	seed_headers(spread);
	seed_variables(spread);
	seed_specials(spread);
	spread_run(spread);
	seed_stacks(spread);
	spread_run(spread);
	seed_map_headers(spread);
	seed_interfaces(spread);
	guess_types(spread);
	seed_interfaces(spread);
	spread_destroy(spread);
	return NULL;
}
