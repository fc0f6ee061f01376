/* Compares what silt reads from outside with what the Go runtime itself wrote by
 * debug.WriteHeapDump.
 *
 *   oracle PID|CORE DUMP
 *
 * Prints one TAP line per comparison. Known differences, and no others, are left out:
 * - since 1.22 the dump takes bitmap bytes at the end of a span for objects (slots from nelems on);
 * - goroutine 1, which wrote the dump, has moved on;
 * - the dump has no frames' stack objects and no other specials than finalizers.
 */
#include <stdio.h>
#include <string.h>

#include "goroutine.h"
#include "heap.h"
#include "heapdump.h"
#include "pointer_map.h"
#include "program.h"
#include "roots.h"
#include "stack_map.h"

enum { SHOWN = 5 };

struct oracle {
	struct program *program;
	struct heap *heap;
	struct pointer_maps *maps;
	struct heapdump *dump;
	unsigned tests, failed;
};

static void report(struct oracle *oracle, const char *what, size_t compared, size_t wrong)
{
	oracle->tests++;
	oracle->failed += wrong != 0;
	printf("%s %u - %s: %zu compared, %zu wrong\n", wrong ? "not ok" : "ok", oracle->tests,
		what, compared, wrong);
}

static void show(size_t wrong, const char *what, addr_t address)
{
	if (wrong <= SHOWN)
		printf("# %s at 0x%llx\n", what, (unsigned long long)address);
}

static void collect_offset(void *context, uint64_t offset, addr_t value)
{
	struct offsets *offsets = context;

	(void)value;
	vec_push(&offsets->list, offset);
}

static bool same_offsets(const struct offsets *left, const struct offsets *right)
{
	return left->list.count == right->list.count &&
	       (!left->list.count || !memcmp(left->list.items, right->list.items,
					     left->list.count * sizeof(uint64_t)));
}

/* The slot behind the last object: where the dump sees objects that are none. */
static bool is_phantom(const struct heap *heap, addr_t address)
{
	const struct span *span = heap_span_at(heap, address);

	return span && span_slot_at(span, address) >= span->nelems;
}

static void compare_objects(struct oracle *oracle)
{
	const struct heap *heap = oracle->heap;
	size_t missing = 0, differ = 0, sizes = 0, phantoms = 0;

	vec_foreach (object, &oracle->dump->objects) {
		if (is_phantom(heap, object->address)) {
			phantoms++;
			continue;
		}
		object_t id = heap_object_at(heap, object->address);
		if (id == NO_OBJECT || heap_address(heap, id) != object->address) {
			show(++missing, "object of the dump not found", object->address);
			continue;
		}
		const struct span *span = heap_span_of(heap, id);
		if (span->elemsize != object->size)
			show(++sizes, "size differs", object->address);
		struct offsets mine = {0};
		pointer_map_each(oracle->maps, heap, span, id - span->first, collect_offset, &mine);
		if (!same_offsets(&mine, &object->pointers)) {
			show(++differ, "pointers differ", object->address);
			if (differ <= SHOWN)
				printf("#   size %llu: %zu pointers found, %zu in the dump\n",
					(unsigned long long)object->size, mine.list.count,
					object->pointers.list.count);
		}
		vec_deinit(&mine.list);
	}
	report(oracle, "objects of the dump are found", oracle->dump->objects.count - phantoms,
		missing);
	report(oracle, "object sizes", oracle->dump->objects.count - phantoms, sizes);
	report(oracle, "pointer offsets of objects", oracle->dump->objects.count - phantoms,
		differ);
}

static bool dump_has(const struct heapdump *dump, addr_t address)
{
	size_t low = 0, high = dump->objects.count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (dump->objects.items[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < dump->objects.count && dump->objects.items[low].address == address;
}

/* The runtime's own goroutines go on after the dump. So few, so that the excuse cannot cover a
 * fault. */
enum {
	MAX_RUN = 3,  /* goroutines that have run since */
	MAX_MADE = 2, /* objects that they made */
};

static void compare_extra_objects(struct oracle *oracle)
{
	const struct heap *heap = oracle->heap;
	size_t extra = 0, total = 0;

	for (uint32_t i = 0; i < heap->span_count; i++) {
		const struct span *span = &heap->spans[i];

		for (uint32_t slot = 0; slot < span->nelems; slot++) {
			if (!span_allocated(heap, span, slot))
				continue;
			total++;
			if (!dump_has(oracle->dump, span->start + slot * span->elemsize))
				show(++extra, "object not in the dump",
					span->start + slot * span->elemsize);
		}
	}
	report(oracle, "objects found are in the dump", total, extra > MAX_MADE ? extra : 0);
}

static size_t compare_mask(const struct target *target, addr_t start, addr_t end,
	const struct bitvector *mask, const struct dump_segment *dumped)
{
	_cleanup_free_ uint8_t *bits = memory_alloc(mask->count / 8 + 1);
	struct offsets mine = {0};
	size_t wrong = start != dumped->address || end - start != dumped->size;

	wrong += target_read_present(target, mask->bits, bits, (mask->count + 7) / 8) != 0;
	for (uint32_t i = 0; i < mask->count; i++) {
		if (bits[i >> 3] >> (i & 7) & 1)
			vec_push(&mine.list, i * 8ull);
	}
	wrong += !same_offsets(&mine, &dumped->pointers);
	vec_deinit(&mine.list);
	return wrong;
}

static void compare_segments(struct oracle *oracle)
{
	const struct module *module = &oracle->program->runtime->modules.list.items[0];
	const struct target *target = oracle->program->target;

	report(oracle, "pointers of data", oracle->dump->data.pointers.list.count,
		compare_mask(target, module->data, module->edata, &module->data_mask,
			&oracle->dump->data));
	report(oracle, "pointers of bss", oracle->dump->bss.pointers.list.count,
		compare_mask(
			target, module->bss, module->ebss, &module->bss_mask, &oracle->dump->bss));
}

/* The dump lists, for a frame, the arguments of the frame that it called, and its own locals. */
static void add_bits(struct offsets *offsets, const struct stack_bits *bits, addr_t base)
{
	for (uint32_t i = 0; bits->bits && i < bits->count; i++) {
		if (stack_bits_has(bits, i))
			vec_push(&offsets->list, bits->start + 8ull * i - base);
	}
}

static bool same_frame(const struct frame *frame, const struct dump_frame *dumped)
{
	return frame->sp == dumped->sp && frame->fp - frame->sp == dumped->size &&
	       frame->function.entry == dumped->entry && frame->pc == dumped->pc &&
	       frame->continpc == dumped->continpc && !strcmp(frame->function.name, dumped->name);
}

static const struct dump_frame *first_frame(const struct heapdump *dump, size_t goroutine)
{
	vec_foreach (frame, &dump->frames) {
		if (frame->goroutine == goroutine)
			return frame;
	}
	return NULL;
}

struct frame_counts {
	size_t frames, wrong_frames, wrong_pointers;
};

static void compare_frames_of(struct oracle *oracle, const struct goroutine *goroutine,
	size_t dumped_place, struct frame_counts *counts)
{
	const struct heapdump *dump = oracle->dump;
	const struct dump_frame *dumped = first_frame(dump, dumped_place);
	const struct dump_frame *end = dump->frames.items + dump->frames.count;
	struct stack_map callee = {0};
	struct frames frames;

	unwind(oracle->program->runtime, goroutine, &frames);
	if (!frames.complete)
		show(++counts->wrong_frames, "stack not unwound to its end, g", goroutine->address);
	vec_foreach (frame, &frames.list) {
		counts->frames++;
		if (!dumped || dumped == end || dumped->goroutine != dumped_place ||
			!same_frame(frame, dumped)) {
			show(++counts->wrong_frames, frame->function.name, frame->sp);
			break;
		}
		struct stack_map map;
		struct offsets mine = {0};
		bool known = stack_map_of(oracle->program->runtime, frame, &map);

		add_bits(&mine, &callee.args, frame->sp);
		add_bits(&mine, &map.locals, frame->sp);
		if (!known || !same_offsets(&mine, &dumped->pointers))
			show(++counts->wrong_pointers, frame->function.name, frame->sp);
		vec_deinit(&mine.list);
		stack_map_deinit(&callee);
		callee = map;
		dumped++;
	}
	if (dumped && dumped != end && dumped->goroutine == dumped_place)
		show(++counts->wrong_frames, "frames are missing, g", goroutine->address);
	stack_map_deinit(&callee);
	frames_deinit(&frames);
}

static const struct goroutine *find_goroutine(const struct goroutines *goroutines, uint64_t goid)
{
	vec_foreach (goroutine, &goroutines->list) {
		if (goroutine->goid == goid)
			return goroutine;
	}
	return NULL;
}

static bool same_wait_reason(
	const struct oracle *oracle, const struct goroutine *goroutine, const char *dumped)
{
	const char *mine =
		layout_wait_reason(&oracle->program->runtime->layout, goroutine->wait_reason);

	return mine && !strcmp(mine, dumped);
}

static bool same_state(const struct oracle *oracle, const struct goroutine *goroutine,
	const struct dump_goroutine *dumped)
{
	return goroutine->status == dumped->status &&
	       (dumped->status != GOROUTINE_WAITING ||
		       same_wait_reason(oracle, goroutine, dumped->wait_reason));
}

/*
 * Those that may have run since the dump: the one that wrote it, and the runtime's own, which wake
 * by themselves (scavenger, sweeper, forced collection).
 */
static bool has_run(const struct oracle *oracle, const struct goroutine *goroutine,
	const struct dump_goroutine *dumped)
{
	return goroutine->goid == 1 ||
	       (dumped->system &&
		       (goroutine->sp != dumped->sp || !same_state(oracle, goroutine, dumped)));
}

static void compare_goroutines(struct oracle *oracle)
{
	struct goroutines goroutines;
	struct frame_counts counts = {0};
	size_t wrong = 0, compared = 0, run = 0;
	struct error *error = goroutines_load(oracle->program->runtime, &goroutines);

	if (error) {
		printf("# %s\n", error->message);
		report(oracle, "goroutines", 0, 1);
		return;
	}
	for (size_t i = 0; i < oracle->dump->goroutines.count; i++) {
		const struct dump_goroutine *dumped = &oracle->dump->goroutines.items[i];
		const struct goroutine *mine = find_goroutine(&goroutines, dumped->goid);

		compared++;
		if (!mine) {
			show(++wrong, "goroutine of the dump not found", dumped->g);
			continue;
		}
		if (has_run(oracle, mine, dumped)) {
			wrong += ++run > MAX_RUN;
			continue;
		}
		if (mine->address != dumped->g || mine->go_pc != dumped->gopc ||
			!same_state(oracle, mine, dumped))
			show(++wrong, "goroutine differs", dumped->g);
		compare_frames_of(oracle, mine, i, &counts);
	}
	report(oracle, "goroutines", compared, wrong + (goroutines.list.count != compared));
	report(oracle, "frames", counts.frames, counts.wrong_frames);
	report(oracle, "pointers of frames", counts.frames, counts.wrong_pointers);
	goroutines_deinit(&goroutines);
}

struct queue_check {
	const struct heapdump *dump;
	size_t finalizers, queued, unknown;
};

static bool has_pair(const struct dump_finalizer *list, size_t count, addr_t value)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i].object == value || list[i].function == value)
			return true;
	}
	return false;
}

static void check_root(void *context, const struct root *root)
{
	struct queue_check *check = context;
	const struct heapdump *dump = check->dump;

	if (root->kind == ROOT_QUEUED_FINALIZER) {
		check->queued++;
		check->unknown += !has_pair(dump->queued.items, dump->queued.count, root->value);
	}
	if (root->kind == ROOT_FINALIZER &&
		has_pair(dump->finalizers.items, dump->finalizers.count, root->value))
		check->finalizers++;
}

static void compare_finalizers(struct oracle *oracle)
{
	struct queue_check check = {.dump = oracle->dump};
	struct roots_missing missing;

	roots_each(oracle->heap, oracle->maps, check_root, &check, &missing);
	report(oracle, "finalizers", oracle->dump->finalizers.count,
		check.finalizers < oracle->dump->finalizers.count);
	/* Two words each: function and object. 1.24 dumps its cleanups, which have no object, as
	 * well. */
	report(oracle, "queued finalizers", check.queued,
		check.unknown + (check.queued > 2 * oracle->dump->queued.count));
	report(oracle, "data and specials could be read", 1,
		missing.variable_bytes + missing.specials + missing.finalizer_queue);
}

static void compare_types(struct oracle *oracle)
{
	struct types types;
	size_t wrong = 0;

	types_init(&types, oracle->program->runtime);
	vec_foreach (dumped, &oracle->dump->types) {
		const struct go_type *type = types_at(&types, dumped->address);
		/* The dump has the path of the package, %T only its last part. */
		const char *name = strrchr(dumped->name, '/');

		name = name && !strchr(name, ']') ? name + 1 : dumped->name;
		bool pointer = dumped->name[strlen(dumped->name) - 1] == '.';
		if (!type || type->size != dumped->size ||
			(!pointer && strcmp(type->name, name) != 0)) {
			show(++wrong, dumped->name, dumped->address);
			if (type && wrong <= SHOWN)
				printf("#   found %s\n", type->name);
		}
	}
	report(oracle, "types", oracle->dump->types.count, wrong);
	types_deinit(&types);
}

static struct error *run(struct oracle *oracle, char **arguments)
{
	struct program_options options = {.exe = arguments[3]};

	TRY(heapdump_read(arguments[2], &oracle->dump));
	TRY(program_open(arguments[1], &options, &oracle->program));
	TRY(heap_load(oracle->program->runtime, &oracle->heap));
	TRY(pointer_maps_create(oracle->heap, &oracle->maps));
	compare_objects(oracle);
	compare_extra_objects(oracle);
	compare_segments(oracle);
	compare_goroutines(oracle);
	compare_finalizers(oracle);
	compare_types(oracle);
	printf("1..%u\n", oracle->tests);
	return NULL;
}

int main(int count, char **arguments)
{
	struct oracle oracle = {0};

	if (count < 3) {
		fprintf(stderr, "usage: oracle PID|CORE DUMP [EXE]\n");
		return 2;
	}
	struct error *error = run(&oracle, arguments);
	if (error) {
		printf("Bail out! %s\n", error->message);
		return 3;
	}
	return oracle.failed != 0;
}
