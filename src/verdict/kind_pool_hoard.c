/* sync.Pools in which a few values are far larger than the rest: buffers that have grown for one
 * large request, and are kept for small ones.
 *
 * Guards: a pool whose values are of one size is as it was meant, however large they are; what the
 * pool does not hold alone does not count.
 */
#include <inttypes.h>

#include "finding_kind.h"
#include "human.h"
#include "sync_pool.h"

enum {
	OUTSIZED_TIMES = 8,        /* the usual size */
	OUTSIZED_BYTES = 64 << 10, /* at least */
	FEWEST_VALUES = 4,         /* for a usual size to be one */
	MOST_PERCENT = 50,         /* of the pool's bytes, that outsized values must have */
};

/* The values of a pool by size. */
struct hoard {
	VEC(uint64_t) sizes; /* ascending */
	uint64_t bytes;
	uint64_t usual;
	uint64_t outsized; /* how many */
	uint64_t outsized_bytes;
	uint64_t victims; /* of them, not used since before the last collection */
};

static int by_size(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

/* What is freed when the pool lets go of a value. */
static uint64_t value_bytes(const struct analysis *analysis, const struct pooled_value *value)
{
	object_t object = heap_object_at(analysis->heap, value->data);

	return object == NO_OBJECT ? 0
				   : retention_retained(analysis->retention,
					     node_of_object(analysis->objects, object));
}

static void measure(const struct analysis *analysis, const struct sync_pools *pools,
	const struct sync_pool *pool, struct hoard *hoard)
{
	for (uint32_t i = 0; i < pool->count; i++) {
		const struct pooled_value *value = &pools->values.items[pool->first + i];
		uint64_t bytes = value_bytes(analysis, value);

		vec_push(&hoard->sizes, bytes);
		hoard->bytes += bytes;
		hoard->victims += value->victim;
	}
	if (hoard->sizes.count)
		qsort(hoard->sizes.items, hoard->sizes.count, sizeof(uint64_t), by_size);
}

/* Counts what is far larger than the usual, which is the size of this one. */
static bool is_hoard(const struct analysis *analysis, struct hoard *hoard, size_t usual)
{
	hoard->usual = hoard->sizes.items[usual];
	hoard->outsized = hoard->outsized_bytes = 0;
	vec_foreach (size, &hoard->sizes) {
		if (*size < OUTSIZED_BYTES || *size < hoard->usual * OUTSIZED_TIMES)
			continue;
		hoard->outsized++;
		hoard->outsized_bytes += *size;
	}
	return finding_matters(analysis, hoard->outsized_bytes) &&
	       hoard->outsized_bytes * 100 >= hoard->bytes * MOST_PERCENT;
}

/* The object or the variable that the pool is in. Without DWARF each word of a variable is one. */
static node_t node_of_pool(const struct analysis *analysis, addr_t pool)
{
	const struct object_graph *objects = analysis->objects;
	object_t object = heap_object_at(analysis->heap, pool);

	if (object != NO_OBJECT)
		return node_of_object(objects, object);
	for (uint32_t i = 0; i < objects->variables.count; i++) {
		const struct go_variable *variable = &objects->variables.items[i];

		if (pool < variable->address + variable->size &&
			variable->address < pool + SYNC_POOL_SIZE)
			return objects->first_virtual + i;
	}
	return NO_NODE;
}

static char *type_of_values(const struct analysis *analysis, const struct pooled_value *first)
{
	const struct go_type *type = types_at(&analysis->typing->types, first->type);

	return memory_string(type ? type->name : "");
}

static void add_hoard(const struct hoard *hoard, enum tier tier, node_t node, char *type,
	struct finding_list *findings)
{
	struct finding *finding = finding_add(findings, &pool_hoard, tier);
	_cleanup_free_ char *usual = human_bytes(hoard->usual);
	_cleanup_free_ char *largest = human_bytes(*vec_last(&hoard->sizes));
	_cleanup_free_ char *bytes = human_bytes(hoard->outsized_bytes);

	finding->node = node;
	finding->type = type;
	finding->count = hoard->sizes.count;
	finding->holds_bytes = hoard->bytes;
	finding->frees_bytes = hoard->outsized_bytes;
	finding->detail = memory_format(
		"%" PRIu64 " of %zu values hold %s", hoard->outsized, hoard->sizes.count, bytes);
	finding->fix = "put back only what is small: if buf.Cap() <= limit { pool.Put(buf) }";
	finding_note(finding, "a usual value holds %s, the largest %s", usual, largest);
	finding_number(finding, "values", EVIDENCE_COUNT, hoard->sizes.count);
	finding_number(finding, "outsized", EVIDENCE_COUNT, hoard->outsized);
	finding_number(finding, "usual_bytes", EVIDENCE_BYTES, hoard->usual);
	finding_number(finding, "largest_bytes", EVIDENCE_BYTES, *vec_last(&hoard->sizes));
	finding_number(finding, "unused_since_collection", EVIDENCE_COUNT, hoard->victims);
}

/* When most values are large, the smaller ones may still tell what is usual: a hint. */
static void look_at(const struct evidence_base *base, const struct sync_pools *pools,
	const struct sync_pool *pool, struct finding_list *findings)
{
	const struct analysis *analysis = base->analysis;
	struct hoard hoard = {0};
	node_t node = node_of_pool(analysis, pool->address);

	measure(analysis, pools, pool, &hoard);
	if (node != NO_NODE && pool->count >= FEWEST_VALUES) {
		bool likely = is_hoard(analysis, &hoard, hoard.sizes.count / 2);

		if (likely || is_hoard(analysis, &hoard, hoard.sizes.count / 4)) {
			char *type = type_of_values(analysis, &pools->values.items[pool->first]);

			add_hoard(&hoard, likely ? TIER_LIKELY : TIER_HINT, node, type, findings);
		}
	}
	vec_deinit(&hoard.sizes);
}

static struct error *find(const struct evidence_base *base, struct finding_list *findings)
{
	struct sync_pools pools;

	sync_pools_load(base->analysis->program->runtime, &pools);
	vec_foreach (pool, &pools.list)
		look_at(base, &pools, pool, findings);
	sync_pools_deinit(&pools);
	return NULL;
}

const struct finding_kind pool_hoard = {
	.name = "pool-hoard",
	.one = "pool keeps giants",
	.find = find,
};
