#include "roots.h"

#include "cycle.h"
#include "special.h"
#include "variable_words.h"

enum {
	MAX_BLOCKS = 1 << 20,
	FINALIZERS_PER_BLOCK = 101,
	MAX_CLEANUPS_PER_BLOCK = 60,
	CLEANUP_CALL_WORDS = 3, /* 1.26: {call, fn, arg} */
};

struct walk {
	const struct heap *heap;
	struct pointer_maps *maps;
	root_fn *visit;
	void *context;
	struct roots_missing *missing;
	struct reader reader;
	addr_t owner;
	struct queued_calls queued;
};

static void found(struct walk *walk, enum root_kind kind, addr_t at, addr_t value)
{
	if (value)
		walk->visit(walk->context, &(struct root){kind, at, value, walk->owner});
}

static void walk_variables(void *context, const struct variable_words *words)
{
	struct walk *walk = context;

	walk->missing->variable_bytes += words->unread_bytes;
	for (uint32_t i = 0; i < words->masked; i++) {
		if (variable_words_pointer(words, i))
			found(walk, ROOT_VARIABLE, words->start + 8 * (addr_t)i,
				load_u64(words->bytes + 8 * (size_t)i));
	}
}

struct object_walk {
	struct walk *walk;
	addr_t object;
};

static void visit_object_word(void *context, uint64_t offset, addr_t value)
{
	struct object_walk *object = context;

	found(object->walk, ROOT_FINALIZER, object->object + offset, value);
}

/* Everything that the object refers to stays, not the object: markrootSpans. */
static void walk_finalizer(struct walk *walk, const struct special *special)
{
	const struct layout *layout = &walk->heap->runtime->layout;
	struct object_walk object = {walk, special_object(special)};

	pointer_map_each(
		walk->maps, walk->heap, special->span, special->slot, visit_object_word, &object);
	addr_t at = special->address + layout->special_finalizer.fn.at;
	found(walk, ROOT_FINALIZER, at, reader_u64(&walk->reader, at));
}

static void walk_cleanup(struct walk *walk, addr_t special)
{
	const struct layout *layout = &walk->heap->runtime->layout;

	if (!layout->features.cleanup_is_call) {
		addr_t at = special + layout->special_cleanup.fn.at;

		found(walk, ROOT_CLEANUP, at, reader_u64(&walk->reader, at));
		return;
	}
	for (unsigned i = 0; i < CLEANUP_CALL_WORDS; i++) {
		addr_t at = special + layout->special_cleanup.cleanup.at + 8 * i;

		found(walk, ROOT_CLEANUP, at, reader_u64(&walk->reader, at));
	}
}

static void walk_special(void *context, const struct special *special)
{
	struct walk *walk = context;
	const struct layout *layout = &walk->heap->runtime->layout;
	const struct special_kinds *kinds = &layout->features.special_kinds;

	walk->owner = special_object(special);
	if (special->kind == kinds->finalizer) {
		walk_finalizer(walk, special);
	} else if (special->kind == kinds->cleanup) {
		walk_cleanup(walk, special->address);
	} else if (special->kind == kinds->weak_handle) {
		addr_t at = special->address + layout->special_weak.handle.at;

		found(walk, ROOT_WEAK_HANDLE, at, reader_u64(&walk->reader, at));
	}
	walk->missing->specials += walk->reader.failed;
	walk->reader.failed = false;
	walk->owner = 0;
}

/* runtime.allfin: blocks linked by alllink, cnt entries each. In 1.24 cleanups wait here as well.
 */
static void walk_finalizer_queue(struct walk *walk)
{
	const struct layout *layout = &walk->heap->runtime->layout;
	struct cycle cycle = {0};
	addr_t block = walk->heap->runtime->allfin;

	block = block ? reader_u64(&walk->reader, block) : 0;
	for (unsigned i = 0;
		block && i < MAX_BLOCKS && !walk->reader.failed && !cycle_closes(&cycle, block);
		i++) {
		uint64_t count = read_field(&walk->reader, block, layout->fin_block.cnt);

		for (uint64_t k = 0; k < MIN(count, (uint64_t)FINALIZERS_PER_BLOCK); k++) {
			addr_t entry =
				block + layout->fin_block.fin.at + k * layout->finalizer.size;
			bool cleanup = layout->features.cleanups_in_finq &&
				       !read_field(&walk->reader, entry, layout->finalizer.ot);
			enum root_kind kind = cleanup ? ROOT_QUEUED_CLEANUP : ROOT_QUEUED_FINALIZER;

			*(cleanup ? &walk->queued.cleanups : &walk->queued.finalizers) += 1;
			found(walk, kind, entry + layout->finalizer.fn.at,
				read_field(&walk->reader, entry, layout->finalizer.fn));
			found(walk, kind, entry + layout->finalizer.arg.at,
				read_field(&walk->reader, entry, layout->finalizer.arg));
		}
		block = read_field(&walk->reader, block, layout->fin_block.alllink);
	}
	walk->missing->finalizer_queue |= walk->reader.failed;
	walk->reader.failed = false;
}

/* runtime.gcCleanups.all, since 1.25. */
static void walk_cleanup_queue(struct walk *walk)
{
	const struct layout *layout = &walk->heap->runtime->layout;
	unsigned words = layout->features.cleanup_is_call ? CLEANUP_CALL_WORDS : 1;
	struct cycle cycle = {0};
	addr_t block = walk->heap->runtime->cleanups;

	block = block ? reader_u64(&walk->reader, block + layout->cleanup_queue.all.at) : 0;
	for (unsigned i = 0;
		block && i < MAX_BLOCKS && !walk->reader.failed && !cycle_closes(&cycle, block);
		i++) {
		uint64_t count = read_field(&walk->reader, block, layout->cleanup_block.n);

		count = MIN(count, (uint64_t)(MAX_CLEANUPS_PER_BLOCK / words));
		walk->queued.cleanups += count;
		for (uint64_t k = 0; k < count * words; k++) {
			addr_t at = block + layout->cleanup_block.size + 8 * k;

			found(walk, ROOT_QUEUED_CLEANUP, at, reader_u64(&walk->reader, at));
		}
		block = read_field(&walk->reader, block, layout->cleanup_block.alllink);
	}
	walk->missing->finalizer_queue |= walk->reader.failed;
	walk->reader.failed = false;
}

void roots_each(const struct heap *heap, struct pointer_maps *maps, root_fn *visit, void *context,
	struct roots_missing *ret_missing)
{
	struct walk walk = {
		.heap = heap,
		.maps = maps,
		.visit = visit,
		.context = context,
		.missing = ret_missing,
		.reader = reader_over(heap->runtime->target),
	};

	*ret_missing = (struct roots_missing){0};
	variable_words_each(heap->runtime, walk_variables, &walk);
	ret_missing->specials += specials_each(heap, walk_special, &walk);
	walk_finalizer_queue(&walk);
	walk_cleanup_queue(&walk);
}

static void ignore(void *context, const struct root *root)
{
	(void)context;
	(void)root;
}

struct queued_calls roots_queued(const struct heap *heap)
{
	struct roots_missing missing = {0};
	struct walk walk = {
		.heap = heap,
		.visit = ignore,
		.missing = &missing,
		.reader = reader_over(heap->runtime->target),
	};

	walk_finalizer_queue(&walk);
	walk_cleanup_queue(&walk);
	return walk.queued;
}
