#include "string_sample.h"

#include <string.h>
#include <xxhash.h>

#include "memory_source.h"

enum {
	PIECES = 1024, /* IOV_MAX: what one call reads */
	TINY_BLOCK_BYTES = 16,
	HEADER = 16, /* bytes of a string value: address and length */
};

struct string_sample *string_sample_create(
	const struct analysis *analysis, const struct value_places *places)
{
	struct string_sample *sample = memory_alloc(sizeof(*sample));

	sample->analysis = analysis;
	sample->places = places;
	sample->of = memory_array(parallel_width(), sizeof(*sample->of));
	return sample;
}

void string_sample_destroy(struct string_sample *sample)
{
	if (!sample)
		return;
	for (unsigned i = 0; i < parallel_width(); i++)
		vec_deinit(&sample->of[i].list);
	free(sample->of);
	free(sample);
}

static unsigned level_of(addr_t bytes)
{
	addr_t block = bytes / TINY_BLOCK_BYTES; /* tiny strings of one block come together */
	uint64_t hash = XXH3_64bits(&block, sizeof(block));

	return hash ? (unsigned)__builtin_clzll(hash) : SAMPLE_LEVELS - 1;
}

static void drop_below(struct string_list *strings, unsigned level)
{
	size_t kept = 0;

	vec_foreach (string, &strings->list) {
		if (level_of(string->bytes) >= level)
			strings->list.items[kept++] = *string;
	}
	strings->list.count = kept;
}

static uint64_t count_from(const struct string_sample *sample, unsigned level)
{
	uint64_t count = 0;

	for (unsigned i = level; i < SAMPLE_LEVELS; i++)
		count += __atomic_load_n(&sample->counts[i], __ATOMIC_RELAXED);
	return count;
}

/* Counts a string; when there are too many of this level and above, the level rises. In the end it
 * is the least at which there are not, whoever counted them. */
static bool is_kept(struct string_sample *sample, addr_t bytes)
{
	unsigned own = level_of(bytes);
	unsigned level = __atomic_load_n(&sample->level, __ATOMIC_RELAXED);

	if (own < level)
		return false;
	uint64_t count = __atomic_add_fetch(&sample->counts[own], 1, __ATOMIC_RELAXED);
	if (count % PIECES == 0 && count_from(sample, level) > SAMPLE_STRINGS)
		__atomic_compare_exchange_n(&sample->level, &level, level + 1, false,
			__ATOMIC_RELAXED, __ATOMIC_RELAXED);
	return true;
}

/* Substrings of something else are not what would be stored once. */
static bool is_own_object(const struct heap *heap, addr_t bytes)
{
	const struct span *span = heap_span_at(heap, bytes);

	if (!span || span->map != SPAN_MAP_NONE)
		return false;
	uint32_t slot = span_slot_at(span, bytes);
	return slot < span->nelems &&
	       (span->spanclass == TINY_SPAN_CLASS || bytes == span->start + slot * span->elemsize);
}

static void visit(void *context, unsigned worker, const struct value *value)
{
	struct string_sample *sample = context;
	struct string_list *strings = &sample->of[worker];

	if (!value->length || value->length > LONGEST_STRING ||
		!is_own_object(sample->analysis->heap, value->word) ||
		!is_kept(sample, value->word))
		return;
	if (strings->list.count >= SAMPLE_STRINGS && strings->list.count == strings->list.capacity)
		drop_below(strings, __atomic_load_n(&sample->level, __ATOMIC_RELAXED));
	vec_push(&strings->list, {.bytes = value->word,
					 .at = value->at,
					 .length = (uint32_t)value->length,
					 .place = value->place});
}

struct value_visitor string_sample_visitor(struct string_sample *sample)
{
	return (struct value_visitor){
		.actions = VALUES_OF(SCAN_STRING),
		.visit = visit,
		.context = sample,
	};
}

/* One call's worth of strings that are read from the process. */
struct batch {
	struct memory_source source;
	struct sampled_string *strings[PIECES];
	struct iovec pieces[PIECES];
	unsigned count;
	uint8_t buffer[PIECES * LONGEST_STRING];
};

/* Reads the pieces; returns how many of them are there, from the first on. */
static unsigned read_pieces(struct batch *batch)
{
	size_t length = 0, end = 0;
	unsigned there = 0;

	for (unsigned i = 0; i < batch->count; i++)
		length += batch->pieces[i].iov_len;
	size_t got = memory_source_read_list(
		&batch->source, batch->pieces, batch->count, batch->buffer, length);
	while (there < batch->count && end + batch->pieces[there].iov_len <= got)
		end += batch->pieces[there++].iov_len;
	return there;
}

/* What lies behind a piece that cannot be read is not read either: such strings are left out. */
static void read_bytes(struct batch *batch)
{
	size_t offset = 0;

	for (unsigned i = 0; i < batch->count; i++)
		batch->pieces[i] = (struct iovec){
			(void *)(uintptr_t)batch->strings[i]->bytes, batch->strings[i]->length};
	batch->count = read_pieces(batch);
	for (unsigned i = 0; i < batch->count; i++) {
		batch->strings[i]->hash =
			XXH3_64bits(batch->buffer + offset, batch->strings[i]->length) | 1;
		offset += batch->strings[i]->length;
	}
}

/* Do the values still lead to the strings? */
static void check_values(struct batch *batch)
{
	for (unsigned i = 0; i < batch->count; i++)
		batch->pieces[i] = (struct iovec){(void *)(uintptr_t)batch->strings[i]->at, HEADER};
	unsigned there = read_pieces(batch);
	for (unsigned i = 0; i < batch->count; i++) {
		const uint8_t *value = batch->buffer + (size_t)i * HEADER;

		if (i >= there || load_u64(value) != batch->strings[i]->bytes ||
			load_u64(value + 8) != batch->strings[i]->length)
			batch->strings[i]->hash = 0;
	}
}

static void flush(struct batch *batch)
{
	if (batch->count) {
		read_bytes(batch);
		check_values(batch);
	}
	batch->count = 0;
}

static void read_strings(const struct string_sample *sample, struct string_list *strings)
{
	const struct target *target = sample->analysis->program->target;
	bool lives = target->kind == TARGET_PROCESS && target->pid > 0;
	_cleanup_free_ struct batch *batch = memory_alloc(sizeof(*batch));

	batch->source = (struct memory_source){.pid = target->pid, .mem = -1};
	vec_foreach (string, &strings->list) {
		const uint8_t *bytes = target_view_captured(target, string->bytes, string->length);

		if (bytes)
			string->hash = XXH3_64bits(bytes, string->length) | 1;
		else if (lives)
			batch->strings[batch->count++] = string;
		if (batch->count == PIECES)
			flush(batch);
	}
	flush(batch);
}

static int by_address(const void *left, const void *right)
{
	const struct sampled_string *a = left, *b = right;

	if (a->bytes != b->bytes)
		return a->bytes < b->bytes ? -1 : 1;
	return (a->at > b->at) - (a->at < b->at);
}

static int by_content(const void *left, const void *right)
{
	const struct sampled_string *a = left, *b = right;

	if (a->place != b->place)
		return a->place < b->place ? -1 : 1;
	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	if (a->length != b->length)
		return a->length < b->length ? -1 : 1;
	return by_address(left, right);
}

void string_sample_finish(struct string_sample *sample)
{
	struct string_list *all = &sample->of[0];
	size_t kept = 0;

	while (count_from(sample, sample->level) > SAMPLE_STRINGS)
		sample->level++;
	for (unsigned i = 1; i < parallel_width(); i++) {
		vec_foreach (string, &sample->of[i].list)
			vec_push(&all->list, *string);
		vec_deinit(&sample->of[i].list);
	}
	drop_below(all, sample->level);
	if (!all->list.count)
		return;
	qsort(all->list.items, all->list.count, sizeof(*all->list.items), by_address);
	read_strings(sample, all);
	for (size_t i = 0; i < all->list.count; i++) {
		if (all->list.items[i].hash)
			all->list.items[kept++] = all->list.items[i];
	}
	sample->unread = all->list.count - kept;
	all->list.count = kept;
	if (kept)
		qsort(all->list.items, kept, sizeof(*all->list.items), by_content);
}
