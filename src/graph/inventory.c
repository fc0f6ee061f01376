#include "inventory.h"

#include "clock.h"

struct error *inventory_take(const struct analysis *analysis, struct inventory **ret)
{
	_cleanup_(cleanup_inventory) struct inventory *inventory = memory_alloc(sizeof(*inventory));

	TRY(memory_account_make(analysis, &inventory->memory));
	uint64_t began = clock_now();
	TRY(map_list_find(analysis, &inventory->maps));
	inventory->maps_ns = clock_now() - began;
	*ret = take_pointer(inventory);
	return NULL;
}

void inventory_destroy(struct inventory *inventory)
{
	if (!inventory)
		return;
	map_list_deinit(&inventory->maps);
	free(inventory);
}
