#include "holder_rows.h"

#include <xxhash.h>

/* Keys of what has no members. */
enum { KEY_EMPTY = 1, KEY_MANY = 2 };

static uint64_t key_of_holder(const struct analysis *analysis, uint32_t number)
{
	const struct object_graph *objects = analysis->objects;
	const struct holder *holder = &objects->holders.items[number];
	uint64_t parts[3] = {holder->kind, holder->index, 0};

	if (holder->kind == HOLDER_VARIABLE)
		parts[1] = objects->variables.items[holder->index].address;
	if (holder->kind == HOLDER_GOROUTINES) {
		uint32_t first = objects->stacks.groups.items[holder->index].first;
		const struct goroutine *goroutine = &objects->stacks.goroutines.list.items[first];

		parts[1] = goroutine->start_pc;
		parts[2] = goroutine->go_pc;
	}
	return XXH3_64bits(parts, sizeof(parts));
}

static bool is_variable(const struct analysis *analysis, uint32_t number)
{
	return analysis->objects->holders.items[number].kind == HOLDER_VARIABLE;
}

/* Keys of members are added up, so that their order does not matter; a key that was there already
 * (goroutines of one function in several groups) is not counted again. */
static void add_member(const struct analysis *analysis, struct holder_row *row, uint32_t number)
{
	uint64_t key = key_of_holder(analysis, number);

	vec_foreach (member, &row->members) {
		if (key_of_holder(analysis, *member) == key)
			return;
	}
	vec_push(&row->members, number);
	row->key += XXH3_64bits(&key, sizeof(key));
}

static struct holder_row row_of_set(const struct analysis *analysis, set_t set)
{
	struct holder_row row = {.set = set};
	uint32_t count;
	const uint32_t *members = holder_sets_members(analysis->retention->sets, set, &count);
	bool variables = false;

	for (uint32_t i = 0; i < count; i++)
		variables |= is_variable(analysis, members[i]);
	for (uint32_t i = 0; i < count; i++) {
		if (!variables || is_variable(analysis, members[i]))
			add_member(analysis, &row, members[i]);
	}
	if (!count)
		row.key = set == SET_MANY ? KEY_MANY : KEY_EMPTY;
	return row;
}

void holder_rows_find(const struct analysis *analysis, struct holder_rows *ret)
{
	const struct retention *retention = analysis->retention;
	struct addrmap by_key = {0};

	*ret = (struct holder_rows){
		.of_set = memory_array(retention->set_count, sizeof(*ret->of_set))};
	for (uint32_t set = 0; set < retention->set_count; set++) {
		struct holder_row row = row_of_set(analysis, (set_t)set);
		uint32_t place;

		if (addrmap_get(&by_key, row.key, &place)) {
			vec_deinit(&row.members);
		} else {
			place = (uint32_t)ret->list.count;
			addrmap_set(&by_key, row.key, place);
			vec_push(&ret->list, row);
		}
		ret->of_set[set] = place;
		ret->list.items[place].bytes += retention->sums[set].bytes;
		ret->list.items[place].objects += retention->sums[set].objects;
	}
	addrmap_deinit(&by_key);
}

void holder_rows_deinit(struct holder_rows *rows)
{
	vec_foreach (row, &rows->list)
		vec_deinit(&row->members);
	vec_deinit(&rows->list);
	free(rows->of_set);
}
