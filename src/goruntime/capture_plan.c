#include "capture_plan.h"

#include <string.h>

#include "bitset.h"
#include "fatal_error.h"
#include "idle_sites.h"
#include "mspan.h"
#include "pagemap.h"
#include "profile_bucket.h"
#include "sudog.h"

enum {
	SPARSE_SPAN_PAGES = 32, /* from 256 KiB on a span may have pages that were never touched */
	SPECIALS_FOLLOWED = 1 << 16, /* in all: each costs a read while the target stands still */
	BLOCKS_FOLLOWED = 1 << 12,   /* of a queue */
	CHANNELS_FOLLOWED = 1 << 18,
	ARENAS_FOLLOWED = 1 << 20, /* 64 TB */
};

/* The index of arenas has an entry for each arena of a 48-bit address space (malloc.go). */
#define ARENA_INDEX_BYTES ((addr_t)8 << (48 - ARENA_SHIFT))

struct planner {
	struct goruntime runtime; /* a copy that reads the stopped target */
	const struct capture_wishes *wishes;
	struct ranges *memory, *pieces, *unwanted;
	struct ranges sparse;   /* heap memory of which only existing pages are wanted */
	struct ranges arenas;   /* all arenas with spans */
	uint32_t sweepgen;      /* of the heap */
	addr_t arena_index;     /* of which the entries of `arenas` are planned */
	uint64_t *metadata;     /* by number of mapping: has structures of the runtime */
	unsigned specials_left; /* to be followed */
	unsigned channels_left;
	unsigned arenas_left;
};

/* Notes that the runtime keeps something at an address. */
static void note_metadata(struct planner *planner, addr_t address)
{
	const struct target *target = planner->runtime.target;
	const struct mapping *mapping = address ? target_mapping(target, address) : NULL;

	if (mapping)
		bitset_add(planner->metadata, (uint64_t)(mapping - target->mappings.items));
}

/* Notes a linked list, whose elements lie in whatever chunk the allocating P had (malloc.go,
 * persistentalloc). `link` is where an element has the address of the next. */
static void note_list(struct planner *planner, addr_t element, struct field link, unsigned *left)
{
	struct reader reader = reader_over(planner->runtime.target);

	for (; element && *left && !reader.failed; --*left) {
		note_metadata(planner, element);
		element = read_field(&reader, element, link);
	}
}

/* The records of a span, and the stacks at which sampled objects were allocated. */
static void note_specials(struct planner *planner, addr_t special)
{
	const struct layout *layout = &planner->runtime.layout;
	struct reader reader = reader_over(planner->runtime.target);

	for (; special && planner->specials_left && !reader.failed; planner->specials_left--) {
		note_metadata(planner, special);
		note_metadata(planner, profile_bucket_of(&planner->runtime, special));
		special = read_field(&reader, special, layout->special.next);
	}
}

static void plan_span(struct planner *planner, const struct mspan *span)
{
	addr_t end = span->start + (span->npages << RUNTIME_PAGE_SHIFT);
	const struct layout *layout = &planner->runtime.layout;

	if (span->state == SPAN_DEAD || !mspan_plausible(span))
		return;
	if (span->state == SPAN_MANUAL) {
		ranges_extend(&planner->sparse, span->start, end);
		return;
	}
	note_metadata(planner, span->alloc_bits);
	note_metadata(planner, span->gcmark_bits);
	note_specials(planner, span->specials);
	if (mspan_noscan(span) && !planner->wishes->contents) {
		if (mspan_has_inline_marks(layout, span) && !mspan_swept(span, planner->sweepgen))
			ranges_add(planner->pieces, end - INLINE_MARK_BYTES, end);
		return;
	}
	ranges_extend(span->npages >= SPARSE_SPAN_PAGES ? &planner->sparse : planner->memory,
		span->start, end);
}

/* The arenas that a span is in, their entries in the index, and what those refer to. Where an entry
 * is empty there is no arena: so much of what the span says of its length is wrong. */
static void plan_arenas(struct planner *planner, const struct mspan *span, addr_t *last)
{
	const addr_t size = (addr_t)1 << ARENA_SHIFT;
	struct reader reader = reader_over(planner->runtime.target);

	for (addr_t arena = span->start & ~(size - 1);
		arena < span->start + (span->npages << RUNTIME_PAGE_SHIFT); arena += size) {
		addr_t entry =
			planner->arena_index + 8 * arena_place(&planner->runtime.layout, arena);

		if (arena == *last)
			continue;
		addr_t metadata = reader_u64(&reader, entry);
		if (!metadata || !planner->arenas_left)
			return;
		planner->arenas_left--;
		*last = arena;
		ranges_add(&planner->arenas, arena, arena + size);
		ranges_add_pages(planner->memory, entry, entry + 8);
		note_metadata(planner, metadata);
	}
}

static struct error *plan_spans(struct planner *planner)
{
	const struct layout *layout = &planner->runtime.layout;
	struct reader reader = reader_over(planner->runtime.target);
	_cleanup_free_ addr_t *addresses = NULL;
	size_t count;
	addr_t last_arena = 0;

	TRY(mspan_list(&planner->runtime, &addresses, &count));
	note_metadata(
		planner, reader_u64(&reader, planner->runtime.mheap + layout->mheap.allspans.at));
	note_metadata(
		planner, reader_u64(&reader, planner->runtime.mheap + layout->mheap.arena_list.at));
	planner->sweepgen =
		(uint32_t)read_field(&reader, planner->runtime.mheap, layout->mheap.sweepgen);
	planner->arena_index =
		reader_u64(&reader, planner->runtime.mheap + layout->mheap.arenas.at);
	for (size_t i = 0; i < count; i++) {
		uint8_t bytes[256];

		if (!mspan_read(&planner->runtime, addresses[i], bytes))
			return error_context(
				error_fault(addresses[i], layout->mspan.size), "mspan");
		note_metadata(planner, addresses[i]);
		struct mspan span = mspan_parse(layout, bytes);
		plan_span(planner, &span);
		if (span.state != SPAN_DEAD && mspan_plausible(&span))
			plan_arenas(planner, &span, &last_arena);
	}
	ranges_normalise(&planner->arenas);
	return reader_error(&reader, "mspan");
}

/* Of the arenas, all that is not in a span that is wanted: objects without pointers, free memory
 * that holds the remains of some. What else is planned is taken out again by who asks. */
static void plan_unwanted(struct planner *planner)
{
	ranges_normalise(&planner->sparse);
	vec_foreach (arena, &planner->arenas.list)
		ranges_add(planner->unwanted, arena->start, arena->end);
	ranges_normalise(planner->unwanted);
	ranges_subtract(planner->unwanted, &planner->sparse);
}

/* The queues of finalizers and cleanups are blocks of their own. */
static void plan_queues(struct planner *planner)
{
	const struct goruntime *runtime = &planner->runtime;
	const struct layout *layout = &runtime->layout;
	struct reader reader = reader_over(runtime->target);
	unsigned left = BLOCKS_FOLLOWED;

	if (runtime->allfin)
		note_list(planner, reader_u64(&reader, runtime->allfin), layout->fin_block.alllink,
			&left);
	left = BLOCKS_FOLLOWED;
	if (runtime->cleanups)
		note_list(planner,
			reader_u64(&reader, runtime->cleanups + layout->cleanup_queue.all.at),
			layout->cleanup_block.alllink, &left);
}

static void add_channel(void *context, const struct sudog *sudog)
{
	struct planner *planner = context;

	if (sudog->channel && planner->channels_left) {
		planner->channels_left--;
		ranges_add(planner->pieces, sudog->channel,
			sudog->channel + planner->runtime.layout.hchan.size);
	}
}

/* The channels that goroutines wait for: without a buffer, or with one that has no pointers, they
 * lie in spans that are left out (chan.go, makechan). */
static void plan_channels(struct planner *planner)
{
	const struct goruntime *runtime = &planner->runtime;
	struct reader reader = reader_over(runtime->target);
	addr_t list = reader_u64(&reader, runtime->allgs);
	uint64_t count = reader_u64(&reader, runtime->allgs + 8);

	for (uint64_t i = 0; i < count && planner->channels_left && !reader.failed; i++) {
		addr_t g = reader_u64(&reader, list + 8 * i);
		struct goroutine waiting = {
			.waiting = read_field(&reader, g, runtime->layout.g.waiting)};

		sudogs_each(runtime, &waiting, add_channel, planner);
	}
}

static void plan_fatal_error(struct planner *planner)
{
	struct ranges stacks = {0};

	fatal_error_stacks(&planner->runtime, &stacks);
	vec_foreach (stack, &stacks.list)
		ranges_add_pages(planner->memory, stack->start, stack->end);
	ranges_deinit(&stacks);
}

/* Does the mapping belong to a plugin or shared library with Go code? */
static bool of_later_module(const struct planner *planner, const struct mapping *mapping)
{
	const struct target *target = planner->runtime.target;

	for (size_t i = 1; i < planner->runtime.modules.list.count; i++) {
		const struct mapping *text =
			target_mapping(target, planner->runtime.modules.list.items[i].text);

		if (text && mapping->path[0] == '/' && !strcmp(mapping->path, text->path))
			return true;
	}
	return false;
}

/* Of a core there is what there is: who copies it leaves out what is not. */
static struct error *keep_pages(
	const struct target *target, enum pagemap_choice choice, struct ranges *memory)
{
	return target->kind == TARGET_PROCESS ? pagemap_filter(target->memory_pid, choice, memory)
					      : NULL;
}

/* Data and bss as they are in memory; for a position-independent program also what the dynamic
 * linker relocated, and for analysis elsewhere all of the file. */
static struct error *plan_program(struct planner *planner)
{
	const struct target *target = planner->runtime.target;
	const struct module *program = &planner->runtime.modules.list.items[0];
	const struct mapping *text = target_mapping(target, program->text);
	struct ranges relocated = {0};

	vec_foreach (module, &planner->runtime.modules.list)
		ranges_add_pages(planner->memory, module->noptrdata, module->end);
	vec_foreach (mapping, &target->mappings) {
		bool of_program =
			text && mapping->path[0] == '/' && !strcmp(mapping->path, text->path);
		bool of_module = of_later_module(planner, mapping);

		if (!(mapping->protection & PROTECTION_READ) || mapping->shared ||
			!(of_program || of_module))
			continue;
		if (planner->wishes->executable || of_module ||
			mapping->protection & PROTECTION_WRITE)
			ranges_add(planner->memory, mapping->start, mapping->end);
		else if (planner->runtime.executable->position_independent)
			ranges_add(&relocated, mapping->start, mapping->end);
	}
	ranges_normalise(&relocated);
	struct error *error = keep_pages(target, PAGEMAP_PRIVATE_PAGES, &relocated);
	vec_foreach (range, &relocated.list)
		ranges_add(planner->memory, range->start, range->end);
	ranges_deinit(&relocated);
	return error;
}

/* The mappings that hold the runtime's structures, without the arenas, whose spans are planned. A
 * snapshot, of which parts of mappings are missing, has nothing else. */
static struct error *plan_metadata(struct planner *planner)
{
	const struct target *target = planner->runtime.target;
	struct ranges wanted = {0};

	for (size_t i = 0; i < target->mappings.count; i++) {
		const struct mapping *mapping = &target->mappings.items[i];

		bool has_some = bitset_has(planner->metadata, i) || target->kind == TARGET_SNAPSHOT;

		if (has_some && mapping->protection & PROTECTION_READ)
			ranges_add(&wanted, mapping->start, mapping->end);
	}
	ranges_normalise(&wanted);
	ranges_subtract(&wanted, &planner->arenas);
	ranges_remove(&wanted, planner->arena_index, planner->arena_index + ARENA_INDEX_BYTES);
	vec_foreach (range, &planner->sparse.list)
		ranges_add(&wanted, range->start, range->end);
	ranges_normalise(&wanted);
	struct error *error = keep_pages(target, PAGEMAP_PRESENT_PAGES, &wanted);
	vec_foreach (range, &wanted.list)
		ranges_add(planner->memory, range->start, range->end);
	ranges_deinit(&wanted);
	return error;
}

static struct error *choose(void *context, const struct target *target, struct capture_ranges *ret)
{
	const struct capture_wishes *wishes = context;
	struct planner planner = {
		.runtime = *wishes->runtime,
		.wishes = wishes,
		.memory = &ret->memory,
		.pieces = &ret->pieces,
		.unwanted = &ret->unwanted,
		.metadata = memory_array(BITSET_WORDS(target->mappings.count), 8),
		.specials_left = SPECIALS_FOLLOWED,
		.channels_left = CHANNELS_FOLLOWED,
		.arenas_left = ARENAS_FOLLOWED,
	};

	planner.runtime.target = target;
	struct error *error = plan_spans(&planner);
	plan_unwanted(&planner);
	if (!error) {
		plan_queues(&planner);
		plan_channels(&planner);
		plan_fatal_error(&planner);
		error = plan_program(&planner);
	}
	if (!error)
		error = plan_metadata(&planner);
	ranges_deinit(&planner.sparse);
	ranges_deinit(&planner.arenas);
	free(planner.metadata);
	return error;
}

/* In Go code a register has the g whose stack the thread is on (ABIInternal); system calls keep it.
 * Should it have something else, that is no stack with the stack pointer in it. */
static addr_t stack_floor(
	void *context, const struct target *target, const struct registers *registers)
{
	const struct capture_wishes *wishes = context;
	const struct layout *layout = &wishes->runtime->layout;
	addr_t g = registers->general[layout->facts.g_register], bounds[2];

	if (!target_read_now(target, g + layout->g.stack.at, bounds, sizeof(bounds)) ||
		registers->sp <= bounds[0] || registers->sp > bounds[1])
		return 0;
	return bounds[0];
}

struct capture_plan capture_plan_for(const struct capture_wishes *wishes)
{
	struct capture_plan plan = {
		.choose = choose,
		.stack_floor = stack_floor,
		.context = (void *)(uintptr_t)wishes,
		.contents = wishes->contents,
	};

	idle_sites_find(wishes->runtime, &plan);
	return plan;
}
