#include "skeleton.h"

#include "reach.h"
#include "big_table.h"

struct peeling {
	const node_t *owner;
	uint8_t *inner_children;
	uint64_t *kept;
	node_t pinned, pinned_count;
};

static bool may_go(const struct peeling *peeling, node_t node)
{
	return peeling->inner_children[node] == 0 && peeling->owner[node] != OWNER_MANY &&
	       peeling->owner[node] != node && node - peeling->pinned >= peeling->pinned_count;
}

/* Takes off a node without references to the skeleton, then its owner if that was the last, and so
 * on. 255 children are too many to count, so their owner is kept. */
static void take_off(const struct peeling *peeling, node_t node)
{
	while (may_go(peeling, node)) {
		bitset_remove(peeling->kept, node);
		node = peeling->owner[node];
		if (peeling->inner_children[node] == 255)
			return;
		peeling->inner_children[node]--;
	}
}

struct error *skeleton_build(const struct graph *graph, const node_t *owner,
	uint8_t *inner_children, node_t pinned, node_t pinned_count, struct skeleton *ret)
{
	size_t words = BITSET_WORDS(graph->inner);
	struct skeleton skeleton = {.inner = graph->inner};
	struct peeling peeling = {owner, inner_children, NULL, pinned, pinned_count};

	TRY(big_table_alloc(words, 8, &skeleton.kept));
	TRY(big_table_alloc(words, sizeof(uint32_t), &skeleton.ranks));
	for (node_t node = 0; node < graph->inner; node++) {
		if (owner[node] != OWNER_NONE)
			bitset_add(skeleton.kept, node);
	}
	peeling.kept = skeleton.kept;
	for (node_t node = 0; node < graph->inner; node++) {
		if (bitset_has(skeleton.kept, node))
			take_off(&peeling, node);
	}
	for (size_t word = 0; word < words; word++) {
		skeleton.ranks[word] = skeleton.count;
		skeleton.count += (uint32_t)__builtin_popcountll(skeleton.kept[word]);
	}
	*ret = skeleton;
	return NULL;
}

void skeleton_deinit(struct skeleton *skeleton)
{
	size_t words = BITSET_WORDS(skeleton->inner);

	big_table_free(skeleton->kept, words * 8);
	big_table_free(skeleton->ranks, words * sizeof(uint32_t));
	*skeleton = (struct skeleton){0};
}
