#include "stack_map.h"

#include <string.h>

#include "bytes.h"
#include "gc_program.h"

enum {
	MAX_OBJECTS = 1 << 16,
	STACK_OBJECT_SIZE = 16, /* stackObjectRecord: off, size, ptrBytes, gcdataoff */
};

/* internal/abi.RegArgs: integer registers, floats, pointers, a bit for each pointer; the pointers
 * are the part that the collector scans. */
struct reg_args {
	uint32_t size, pointers_at, pointers;
};

static struct reg_args reg_args(const struct goruntime *runtime)
{
	const struct processor_facts *facts = &runtime->layout.facts;
	uint32_t pointers_at = (uint32_t)(facts->integer_registers + facts->float_registers) * 8;

	return (struct reg_args){
		.size = pointers_at + (uint32_t)facts->integer_registers * 8 + 8,
		.pointers_at = pointers_at,
		.pointers = facts->integer_registers,
	};
}

/* runtime.stackmap: n, nbit, then n bitmaps of nbit bits. */
static bool read_stack_map(
	const struct goruntime *runtime, addr_t at, int32_t index, struct stack_bits *ret)
{
	struct reader reader = reader_over(runtime->target);
	int32_t maps = (int32_t)reader_u32(&reader, at);
	int32_t bits = (int32_t)reader_u32(&reader, at + 4);

	if (reader.failed || maps <= 0 || bits < 0 || bits > MAX_STACK_MAP_BITS)
		return false;
	ret->count = (uint32_t)bits;
	if (!bits)
		return true;
	if (index < 0 || index >= maps)
		return false;
	size_t stride = ((size_t)bits + 7) / 8;
	ret->bits = target_view(runtime->target, at + 8 + (addr_t)index * stride, stride);
	return ret->bits != NULL;
}

/* The functions through which reflection is called: their arguments are described at run time. */
static bool is_reflect_stub(const struct frame *frame)
{
	return frame->function.args == FUNCTION_ARGS_UNKNOWN &&
	       (!strcmp(frame->function.name, "reflect.makeFuncStub") ||
		       !strcmp(frame->function.name, "reflect.methodValueCall"));
}

/* Has the function made its frame? */
static bool has_started(const struct goruntime *runtime, const struct frame *frame)
{
	const struct processor_facts *facts = &runtime->layout.facts;

	return frame->sp + facts->min_frame < frame->fp - (facts->frames_have_link ? 0 : 8);
}

/* The reflectMethodValue at 0(SP): {fn, *bitvector, argLen}; the word at 4 says whether the results
 * have been copied in. */
static bool read_reflect_args(
	const struct goruntime *runtime, const struct frame *frame, struct stack_bits *ret)
{
	struct reader reader = reader_over(runtime->target);

	addr_t saved = frame->sp + runtime->layout.facts.min_frame;

	if (!has_started(runtime, frame))
		return true; /* it has no locals, and takes no arguments */
	addr_t value = reader_u64(&reader, saved);
	bool results_valid = reader_u8(&reader, saved + 4 * 8);
	addr_t vector = reader_u64(&reader, value + 8);
	uint64_t argument_words = reader_u64(&reader, value + 16) / 8;
	uint32_t count = reader_u32(&reader, vector);

	if (reader.failed || reader_u64(&reader, value) != frame->function.entry ||
		count > MAX_STACK_MAP_BITS)
		return false;
	if (!results_valid && argument_words < count)
		count = (uint32_t)argument_words;
	ret->count = count;
	ret->bits = count ? target_view(runtime->target, reader_u64(&reader, vector + 8),
				    (count + 7) / 8)
			  : NULL;
	return !count || ret->bits;
}

uint32_t stack_map_args_size(const struct goruntime *runtime, const struct frame *frame)
{
	struct stack_bits args = {0};

	if (frame->function.args != FUNCTION_ARGS_UNKNOWN)
		return frame->function.args > 0 ? (uint32_t)frame->function.args : 0;
	return is_reflect_stub(frame) && read_reflect_args(runtime, frame, &args) ? args.count * 8
										  : 0;
}

static void add_object(struct stack_map *map, const struct frame *frame, int32_t offset,
	uint32_t size, int32_t pointer_bytes, addr_t gcdata)
{
	addr_t start = (offset < 0 ? frame->varp : frame->argp) + (addr_t)(int64_t)offset;

	if (start >= frame->sp) /* else it has not been allocated in the frame yet */
		vec_push(&map->objects, {start, size, pointer_bytes, gcdata});
}

/* For reflect's stubs the runtime makes up a record: abi.RegArgs, the highest local. */
static bool read_objects(
	const struct goruntime *runtime, const struct frame *frame, struct stack_map *map)
{
	struct reader reader = reader_over(runtime->target);
	addr_t at = pclntab_funcdata(
		&frame->module->functions, &frame->function, FUNCDATA_STACK_OBJECTS);

	if (is_reflect_stub(frame) && has_started(runtime, frame)) {
		uint32_t size = reg_args(runtime).size;

		add_object(map, frame, -(int32_t)size, size, 0, 0);
		return true;
	}
	if (!at)
		return true;
	uint64_t count = reader_u64(&reader, at);
	if (reader.failed || count > MAX_OBJECTS)
		return false;
	for (uint64_t i = 0; i < count; i++) {
		addr_t record = at + 8 + i * STACK_OBJECT_SIZE;

		add_object(map, frame, (int32_t)reader_u32(&reader, record),
			reader_u32(&reader, record + 4), (int32_t)reader_u32(&reader, record + 8),
			frame->module->rodata + reader_u32(&reader, record + 12));
	}
	return !reader.failed;
}

/* stkframe.go, getStackMap: a frame of so many bytes has no locals. */
static addr_t min_locals(const struct goruntime *runtime)
{
	const struct processor_facts *facts = &runtime->layout.facts;

	return facts->frames_have_link ? facts->stack_align : 0;
}

bool stack_map_of(const struct goruntime *runtime, const struct frame *frame, struct stack_map *ret)
{
	const struct pclntab *table = &frame->module->functions;
	const struct function *function = &frame->function;
	addr_t locals_at = pclntab_funcdata(table, function, FUNCDATA_LOCALS_POINTER_MAPS);
	addr_t args_at = pclntab_funcdata(table, function, FUNCDATA_ARGS_POINTER_MAPS);
	int32_t index = -1;

	*ret = (struct stack_map){0};
	if (!frame->continpc)
		return true; /* it will not run again */
	if (frame->continpc != function->entry)
		index = pclntab_pcdata(
			table, function, PCDATA_STACK_MAP_INDEX, frame->continpc - 1);
	if (index == -1)
		index = 0; /* in the prologue, as the runtime assumes */
	if (frame->varp > frame->sp + min_locals(runtime)) {
		if (!locals_at || !read_stack_map(runtime, locals_at, index, &ret->locals))
			return false;
		ret->locals.start = frame->varp - (addr_t)ret->locals.count * 8;
	}
	ret->args.start = frame->argp;
	if (is_reflect_stub(frame)) {
		if (!read_reflect_args(runtime, frame, &ret->args))
			return false;
	} else if (function->args > 0 &&
		   (!args_at || !read_stack_map(runtime, args_at, index, &ret->args))) {
		return false;
	}
	return read_objects(runtime, frame, ret);
}

void stack_map_deinit(struct stack_map *map)
{
	vec_deinit(&map->objects);
}

bool stack_object_each(const struct goruntime *runtime, const struct stack_object *object,
	void (*visit)(void *context, uint64_t offset), void *context)
{
	_cleanup_free_ uint8_t *unrolled = NULL;

	if (!object->gcdata) { /* abi.RegArgs */
		struct reg_args args = reg_args(runtime);

		for (uint64_t i = 0; i < args.pointers; i++)
			visit(context, args.pointers_at + 8 * i);
		return true;
	}
	uint64_t words = (uint64_t)llabs((long long)object->pointer_bytes) / 8;
	const uint8_t *bits;
	if (object->pointer_bytes < 0)
		bits = unrolled = gc_program_run(runtime->target, object->gcdata, words);
	else
		bits = target_view(runtime->target, object->gcdata, (words + 7) / 8);
	if (!bits)
		return words == 0;
	for (uint64_t i = 0; i < words; i++) {
		if (bits[i >> 3] >> (i & 7) & 1)
			visit(context, i * 8);
	}
	return true;
}
