#include "holder_sets.h"

#include <string.h>
#include <xxhash.h>

#include "addrmap.h"
#include "memory.h"
#include "vec.h"

enum { MEMO_SIZE = 1 << 14 };

struct set {
	uint32_t first; /* place in members */
	uint32_t count;
	uint32_t next; /* the next set with the same hash; 0: none */
};

/* The last results of unions, by a hash of the two numbers. */
struct memo {
	set_t left, right, result;
};

struct holder_sets {
	VEC(struct set) sets;
	VEC(uint32_t) members;
	struct addrmap by_hash;
	struct memo memo[MEMO_SIZE];
};

struct holder_sets *holder_sets_create(void)
{
	struct holder_sets *sets = memory_alloc(sizeof(*sets));

	vec_push(&sets->sets, {0}); /* SET_EMPTY */
	vec_push(&sets->sets, {0}); /* SET_MANY */
	return sets;
}

void holder_sets_destroy(struct holder_sets *sets)
{
	if (!sets)
		return;
	vec_deinit(&sets->sets);
	vec_deinit(&sets->members);
	addrmap_deinit(&sets->by_hash);
	free(sets);
}

static set_t intern(struct holder_sets *sets, const uint32_t *members, uint32_t count)
{
	uint64_t hash = XXH3_64bits(members, count * sizeof(*members)) | 1;
	uint32_t head = 0;

	if (count > SET_MEMBERS_MAX)
		return SET_MANY;
	addrmap_get(&sets->by_hash, hash, &head);
	for (uint32_t at = head; at; at = sets->sets.items[at].next) {
		const struct set *set = &sets->sets.items[at];

		if (set->count == count && !memcmp(sets->members.items + set->first, members,
						   count * sizeof(*members)))
			return (set_t)at;
	}
	if (sets->sets.count >= SETS_MAX)
		return SET_MANY;
	uint32_t number = (uint32_t)sets->sets.count;
	vec_push(&sets->sets,
		{.first = (uint32_t)sets->members.count, .count = count, .next = head});
	for (uint32_t i = 0; i < count; i++)
		vec_push(&sets->members, members[i]);
	addrmap_set(&sets->by_hash, hash, number);
	return (set_t)number;
}

set_t holder_sets_single(struct holder_sets *sets, uint32_t holder)
{
	return intern(sets, &holder, 1);
}

static set_t unite(struct holder_sets *sets, set_t left, set_t right)
{
	uint32_t left_count, right_count, count = 0, i = 0, k = 0;
	uint32_t united[2 * SET_MEMBERS_MAX];
	const uint32_t *a = holder_sets_members(sets, left, &left_count);
	const uint32_t *b = holder_sets_members(sets, right, &right_count);

	while (i < left_count || k < right_count) {
		if (k == right_count || (i < left_count && a[i] < b[k]))
			united[count++] = a[i++];
		else if (i == left_count || b[k] < a[i])
			united[count++] = b[k++];
		else {
			united[count++] = a[i++];
			k++;
		}
	}
	return intern(sets, united, count);
}

set_t holder_sets_union(struct holder_sets *sets, set_t left, set_t right)
{
	if (left == right || right == SET_EMPTY)
		return left;
	if (left == SET_EMPTY)
		return right;
	if (left == SET_MANY || right == SET_MANY)
		return SET_MANY;
	if (left > right)
		return holder_sets_union(sets, right, left);
	struct memo *memo = &sets->memo[(left * 0x9e3779b1u ^ right * 0x85ebca6bu) >> 18];

	if (memo->left != left || memo->right != right)
		*memo = (struct memo){left, right, unite(sets, left, right)};
	return memo->result;
}

const uint32_t *holder_sets_members(const struct holder_sets *sets, set_t set, uint32_t *ret_count)
{
	*ret_count = sets->sets.items[set].count;
	return sets->members.items + sets->sets.items[set].first;
}

uint32_t holder_sets_count(const struct holder_sets *sets)
{
	return (uint32_t)sets->sets.count;
}

bool holder_sets_within(const struct holder_sets *sets, set_t inner, set_t outer)
{
	uint32_t inner_count, outer_count, k = 0;

	if (inner == SET_MANY || outer == SET_MANY)
		return inner == outer;
	const uint32_t *a = holder_sets_members(sets, inner, &inner_count);
	const uint32_t *b = holder_sets_members(sets, outer, &outer_count);
	for (uint32_t i = 0; i < inner_count; i++) {
		while (k < outer_count && b[k] < a[i])
			k++;
		if (k == outer_count || b[k] != a[i])
			return false;
	}
	return true;
}
