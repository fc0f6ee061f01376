#include "alloc_sites.h"

#include <string.h>

#include "naming.h"
#include "profile_bucket.h"
#include "special.h"

enum { STACK_SHOWN = 32 };

/* The samples of one bucket. */
struct bucket_sum {
	addr_t bucket;
	uint64_t objects, bytes;
};

struct collector {
	const struct analysis *analysis;
	alloc_wanted_fn *is_wanted;
	void *context;
	struct addrmap places; /* bucket -> place in sums */
	VEC(struct bucket_sum) sums;
};

static void add_sample(void *context, const struct special *special)
{
	struct collector *collector = context;
	const struct analysis *analysis = collector->analysis;
	object_t object = special->span->first + special->slot;
	addr_t bucket = profile_bucket_of(analysis->program->runtime, special->address);
	uint32_t place;

	if (!bucket || !analysis_alive(analysis, object) ||
		!collector->is_wanted(
			collector->context, node_of_object(analysis->objects, object)))
		return;
	if (!addrmap_get(&collector->places, bucket, &place)) {
		place = (uint32_t)collector->sums.count;
		vec_push(&collector->sums, {.bucket = bucket});
		addrmap_set(&collector->places, bucket, place);
	}
	collector->sums.items[place].objects++;
	collector->sums.items[place].bytes += special->span->elemsize;
}

static bool is_runtime_call(const char *name)
{
	return !strncmp(name, "runtime.", strlen("runtime.")) ||
	       !strncmp(name, "internal/runtime/", strlen("internal/runtime/"));
}

static char *frame_text(const struct profile_frame *frame)
{
	const struct group_frame line = {
		.module = frame->module, .function = frame->function, .line_pc = frame->line_pc};
	_cleanup_free_ char *at = naming_line(&line);

	return memory_format("%s%s%s", frame->name, *at ? " at " : "", at);
}

/* The calls of a bucket from the first on that is not the runtime's; all, when all are. */
static struct alloc_site site_of(const struct analysis *analysis, addr_t address)
{
	const struct goruntime *runtime = analysis->program->runtime;
	_cleanup_free_ struct profile_bucket *bucket = memory_alloc(sizeof(*bucket));
	struct alloc_site site = {0};
	struct profile_frame frame;
	uint32_t first = 0;

	if (!profile_bucket_read(runtime, address, bucket))
		return site;
	while (first < bucket->depth && profile_frame_at(runtime, bucket->stack[first], &frame) &&
		is_runtime_call(frame.name))
		first++;
	for (uint32_t i = first < bucket->depth ? first : 0;
		i < bucket->depth && site.stack.count < STACK_SHOWN; i++) {
		if (profile_frame_at(runtime, bucket->stack[i], &frame))
			vec_push(&site.stack, frame_text(&frame));
	}
	if (site.stack.count)
		site.at = memory_string(site.stack.items[0]);
	return site;
}

static void site_deinit(struct alloc_site *site)
{
	free(site->at);
	vec_foreach (frame, &site->stack)
		free(*frame);
	vec_deinit(&site->stack);
}

static void add_site(struct alloc_sites *sites, struct alloc_site site)
{
	sites->objects += site.objects;
	sites->bytes += site.bytes;
	vec_foreach (known, &sites->list) {
		if (strcmp(known->at, site.at) != 0)
			continue;
		known->objects += site.objects;
		known->bytes += site.bytes;
		site_deinit(&site);
		return;
	}
	vec_push(&sites->list, site);
}

static int by_sum(const void *left, const void *right)
{
	const struct bucket_sum *a = left, *b = right;

	if (a->bytes != b->bytes)
		return a->bytes < b->bytes ? 1 : -1;
	return (a->bucket > b->bucket) - (a->bucket < b->bucket);
}

static int by_bytes(const void *left, const void *right)
{
	const struct alloc_site *a = left, *b = right;

	if (a->bytes != b->bytes)
		return a->bytes < b->bytes ? 1 : -1;
	return strcmp(a->at, b->at);
}

/* The largest bucket of a site comes first, so its stack is the one that is kept. */
static void name_sums(struct collector *collector, struct alloc_sites *sites)
{
	if (collector->sums.count)
		qsort(collector->sums.items, collector->sums.count, sizeof(struct bucket_sum),
			by_sum);
	vec_foreach (sum, &collector->sums) {
		struct alloc_site site = site_of(collector->analysis, sum->bucket);

		site.objects = sum->objects;
		site.bytes = sum->bytes;
		if (site.at)
			add_site(sites, site);
	}
	if (sites->list.count)
		qsort(sites->list.items, sites->list.count, sizeof(struct alloc_site), by_bytes);
}

void alloc_sites_find(const struct analysis *analysis, alloc_wanted_fn *is_wanted, void *context,
	struct alloc_sites *ret)
{
	struct collector collector = {
		.analysis = analysis, .is_wanted = is_wanted, .context = context};

	*ret = (struct alloc_sites){0};
	specials_each(analysis->heap, add_sample, &collector);
	name_sums(&collector, ret);
	addrmap_deinit(&collector.places);
	vec_deinit(&collector.sums);
}

void alloc_sites_deinit(struct alloc_sites *sites)
{
	vec_foreach (site, &sites->list)
		site_deinit(site);
	vec_deinit(&sites->list);
}

struct sample_query {
	const struct goruntime *runtime;
	uint32_t slot;
	addr_t bucket;
};

static void match_sample(void *context, const struct special *special)
{
	struct sample_query *query = context;

	if (special->slot == query->slot && !query->bucket)
		query->bucket = profile_bucket_of(query->runtime, special->address);
}

char *alloc_site_of(const struct analysis *analysis, object_t object)
{
	const struct span *span = heap_span_of(analysis->heap, object);
	struct sample_query query = {analysis->program->runtime, object - span->first, 0};

	specials_of_span(analysis->heap, span, match_sample, &query);
	if (!query.bucket)
		return NULL;
	struct alloc_site site = site_of(analysis, query.bucket);
	char *at = site.at;

	site.at = NULL;
	site_deinit(&site);
	return at;
}
