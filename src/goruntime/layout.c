#include "layout.h"

#include <stdio.h>
#include <string.h>

#include "memory.h"

const char layout_versions[] = "1.19 and 1.21 to 1.27";

/* The text of a wait reason, its number from each version on (runtime/runtime2.go; 0xff: none), and
 * who wakes a goroutine that waits so. */
static const struct {
	const char *text;
	uint8_t number[8]; /* 1.19 1.21 1.22 1.23 1.24 1.25 1.26 1.27 */
	enum wait_kind kind;
} wait_reasons[] = {
	{"", {0, 0, 0, 0, 0, 0, 0, 0}},
	{"GC assist marking", {1, 1, 1, 1, 1, 1, 1, 1}},
	{"IO wait", {2, 2, 2, 2, 2, 2, 2, 2}},
	{"dumping heap", {5, 5, 5, 5, 5, 5, 3, 3}},
	{"garbage collection", {6, 6, 6, 6, 6, 6, 4, 4}},
	{"garbage collection scan", {7, 7, 7, 7, 7, 7, 5, 5}},
	{"panicwait", {8, 8, 8, 8, 8, 8, 6, 6}},
	{"GC assist wait", {11, 11, 11, 11, 11, 11, 7, 7}},
	{"GC sweep wait", {12, 12, 12, 12, 12, 12, 8, 8}},
	{"GC scavenge wait", {13, 13, 13, 13, 13, 13, 9, 9}},
	{"finalizer wait", {16, 16, 16, 16, 16, 16, 10, 10}},
	{"force gc (idle)", {17, 17, 17, 17, 17, 17, 11, 11}},
	{"GOMAXPROCS updater (idle)", {0xff, 0xff, 0xff, 0xff, 0xff, 18, 12, 12}},
	{"semacquire", {18, 18, 18, 18, 18, 19, 13, 13}, WAIT_SEMAPHORE},
	{"sleep", {19, 19, 19, 19, 19, 20, 14, 14}},
	{"chan receive (nil chan)", {3, 3, 3, 3, 3, 3, 15, 15}, WAIT_FOREVER},
	{"chan send (nil chan)", {4, 4, 4, 4, 4, 4, 16, 16}, WAIT_FOREVER},
	{"select (no cases)", {10, 10, 10, 10, 10, 10, 17, 17}, WAIT_FOREVER},
	{"select", {9, 9, 9, 9, 9, 9, 18, 18}, WAIT_CHANNEL},
	{"chan receive", {14, 14, 14, 14, 14, 14, 19, 19}, WAIT_CHANNEL},
	{"chan send", {15, 15, 15, 15, 15, 15, 20, 20}, WAIT_CHANNEL},
	{"sync.Cond.Wait", {20, 20, 20, 20, 20, 21, 21, 21}, WAIT_CONDITION},
	{"sync.Mutex.Lock", {0xff, 21, 21, 21, 21, 22, 22, 22}, WAIT_SEMAPHORE},
	{"sync.RWMutex.RLock", {0xff, 22, 22, 22, 22, 23, 23, 23}, WAIT_SEMAPHORE},
	{"sync.RWMutex.Lock", {0xff, 23, 23, 23, 23, 24, 24, 24}, WAIT_SEMAPHORE},
	{"sync.WaitGroup.Wait", {0xff, 0xff, 0xff, 0xff, 24, 25, 25, 25}, WAIT_SEMAPHORE},
	{"timer goroutine (idle)", {21, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
	{"trace reader (blocked)", {22, 24, 24, 24, 25, 26, 26, 26}},
	{"wait for GC cycle", {23, 25, 25, 25, 26, 27, 27, 27}},
	{"GC worker (idle)", {24, 26, 26, 26, 27, 28, 28, 28}},
	{"GC worker (active)", {0xff, 27, 27, 27, 28, 29, 29, 29}},
	{"preempted", {25, 28, 28, 28, 29, 30, 30, 30}},
	{"debug call", {26, 29, 29, 29, 30, 31, 31, 31}},
	{"GC mark termination", {0xff, 30, 30, 30, 31, 32, 32, 32}},
	{"stopping the world", {0xff, 31, 31, 31, 32, 33, 33, 33}},
	{"flushing proc caches", {0xff, 0xff, 32, 32, 33, 34, 34, 34}},
	{"trace goroutine status", {0xff, 0xff, 33, 33, 34, 35, 35, 35}},
	{"trace proc status", {0xff, 0xff, 34, 34, 35, 36, 36, 36}},
	{"page trace flush", {0xff, 0xff, 35, 35, 36, 37, 37, 37}},
	{"coroutine", {0xff, 0xff, 36, 36, 37, 38, 38, 38}},
	{"GC weak to strong wait", {0xff, 0xff, 0xff, 37, 38, 39, 39, 39}},
	{"synctest.Run", {0xff, 0xff, 0xff, 0xff, 39, 40, 40, 40}},
	{"synctest.Wait", {0xff, 0xff, 0xff, 0xff, 40, 41, 41, 41}},
	{"chan receive (synctest)", {0xff, 0xff, 0xff, 0xff, 41, 0xff, 0xff, 0xff}},
	{"chan receive (durable)", {0xff, 0xff, 0xff, 0xff, 0xff, 42, 42, 42}},
	{"chan send (synctest)", {0xff, 0xff, 0xff, 0xff, 42, 0xff, 0xff, 0xff}},
	{"chan send (durable)", {0xff, 0xff, 0xff, 0xff, 0xff, 43, 43, 43}},
	{"select (synctest)", {0xff, 0xff, 0xff, 0xff, 43, 0xff, 0xff, 0xff}},
	{"select (durable)", {0xff, 0xff, 0xff, 0xff, 0xff, 44, 44, 44}},
	{"sync.WaitGroup.Wait (durable)", {0xff, 0xff, 0xff, 0xff, 0xff, 45, 45, 45}},
	{"cleanup wait", {0xff, 0xff, 0xff, 0xff, 0xff, 46, 46, 46}},
};

static size_t version_column(unsigned minor)
{
	size_t column = 0;

	while (column < layout_table_count && layout_tables[column].minor != minor)
		column++;
	return column;
}

/* The row of a wait reason; behind the last when it is not valid. */
static size_t wait_reason_row(const struct layout *layout, uint8_t reason)
{
	size_t column = version_column(layout->minor), row = 0;

	while (row < ARRAY_SIZE(wait_reasons) &&
		(wait_reasons[row].number[column] != reason || reason == 0xff))
		row++;
	return row;
}

const char *layout_wait_reason(const struct layout *layout, uint8_t reason)
{
	size_t row = wait_reason_row(layout, reason);

	return row < ARRAY_SIZE(wait_reasons) ? wait_reasons[row].text : NULL;
}

enum wait_kind layout_wait_kind(const struct layout *layout, uint8_t reason)
{
	size_t row = wait_reason_row(layout, reason);

	return row < ARRAY_SIZE(wait_reasons) ? wait_reasons[row].kind : WAIT_OTHER;
}

/* GOEXPERIMENT settings that differ from the version's own are listed behind "X:", with commas. */
static bool has_experiment(const char *go_version, const char *name)
{
	const char *list = strstr(go_version, "X:");
	size_t length = strlen(name);

	for (const char *at = list ? list + 2 : NULL; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (!strncmp(at, name, length) &&
			(at[length] == ',' || at[length] == '\0' || at[length] == ' '))
			return true;
	}
	return false;
}

/* mheap.go, the const block of _KindSpecial. */
static struct special_kinds special_kinds_of(unsigned minor)
{
	if (minor >= 25)
		return (struct special_kinds){.finalizer = 2,
			.weak_handle = 3,
			.profile = 4,
			.cleanup = 7,
			.last = minor >= 26 ? 10 : 9};
	if (minor == 24)
		return (struct special_kinds){
			.finalizer = 1, .weak_handle = 2, .profile = 3, .cleanup = 6, .last = 6};
	if (minor == 23)
		return (struct special_kinds){
			.finalizer = 1, .weak_handle = 2, .profile = 3, .last = 5};
	return (struct special_kinds){.finalizer = 1, .profile = 2, .last = minor >= 21 ? 4 : 3};
}

static struct features features_of(unsigned minor, const char *go_version)
{
	bool headers =
		minor >= 23 || (minor == 22 && !has_experiment(go_version, "noallocheaders"));

	return (struct features){
		.heap_bitmap = headers       ? HEAP_BITMAP_SPAN
			       : minor >= 20 ? HEAP_BITMAP_ARENA_1BIT
					     : HEAP_BITMAP_ARENA_2BIT,
		.inline_marks = minor >= 26 ? !has_experiment(go_version, "nogreenteagc")
					    : has_experiment(go_version, "greenteagc"),
		.free_index_is_final = minor >= 25,
		.swiss_maps = minor >= 24 && !has_experiment(go_version, "noswissmap"),
		/* map.go: 6.5 entries a bucket, but for the integer division of 1.20 and 1.21. */
		.bucket_load = minor == 20 || minor == 21 ? 12 : 13,
		.gc_programs = minor <= 23,
		.mask_on_demand = minor >= 24,
		.direct_in_tflag = minor >= 26,
		.boxed_sudog_words = minor >= 26,
		.cleanups_in_finq = minor == 24,
		.cleanup_is_call = minor >= 26,
		.stack_object_programs = minor <= 23,
		.sema_in_waiting = minor >= 26,
		.special_kinds = special_kinds_of(minor),
		.wrapper = minor <= 21   ? 21
			   : minor <= 24 ? 22
					 : 23,
	};
}

/* Go, internal/goarch, internal/cpu (CacheLinePadSize), internal/abi (abi_amd64.go, abi_arm64.go),
 * runtime/malloc.go (arenaBaseOffset), asm_*.s (the register of g: R14, R28). */
static struct processor_facts facts_of(enum processor processor, unsigned minor)
{
	static const struct processor_facts facts[PROCESSOR_COUNT] = {
		[PROCESSOR_AMD64] =
			{
				.arena_base = 0x800000000000,
				.sema_root_stride = 64,
				.g_register = 13,
				.stack_align = 8,
				.integer_registers = 9,
				.float_registers = 15,
			},
		[PROCESSOR_ARM64] =
			{
				.sema_root_stride = 128,
				.g_register = 28,
				.link_register = 30,
				.frames_have_link = true,
				.min_frame = 8,
				.stack_align = 16,
				.integer_registers = 16,
				.float_registers = 16,
			},
	};
	struct processor_facts found = facts[processor];

	if (minor == 19)
		found.sema_root_stride = 64;
	return found;
}

/* Experiments by which fields move that follow others in m (trace; mWaitList) and p (trace;
 * gcw.spanq, the collector's queue of spans), in bytes, measured by the DWARF of programs. */
static void move_fields(struct layout *layout, const char *go_version)
{
	static const struct {
		unsigned minor;
		const char *experiment;
		int in_m, in_p;
	} moves[] = {
		{22, "noexectracer2", -24, -32},
		{24, "nospinbitmutex", -8, 0},
		{25, "greenteagc", 0, 4232},
		{26, "nogreenteagc", 0, -4256},
		{27, "nogreenteagc", 0, -4256},
	};

	for (size_t i = 0; i < ARRAY_SIZE(moves); i++) {
		if (moves[i].minor != layout->minor ||
			!has_experiment(go_version, moves[i].experiment))
			continue;
		layout->m.size += (uint32_t)moves[i].in_m;
		layout->m.vdso_sp.at += (uint32_t)moves[i].in_m;
		layout->m.vdso_pc.at += (uint32_t)moves[i].in_m;
		layout->p.size += (uint32_t)moves[i].in_p;
		layout->p.timers.at += (uint32_t)moves[i].in_p;
	}
}

struct error *layout_for_version(
	const char *go_version, enum processor processor, struct layout *ret)
{
	unsigned major = 0, minor = 0;

	if (sscanf(go_version, "go%3u.%3u", &major, &minor) != 2 || major != 1 ||
		version_column(minor) == layout_table_count)
		return error_create(ERROR_UNSUPPORTED,
			"built with %s: silt knows Go %s, and does not guess", go_version,
			layout_versions);
	*ret = layout_tables[version_column(minor)].layouts[processor];
	ret->minor = minor;
	ret->processor = processor;
	ret->facts = facts_of(processor, minor);
	ret->features = features_of(minor, go_version);
	move_fields(ret, go_version);
	/* 1.22 noallocheaders has the arena bitmap of 1.21 back, and with it the arena of 1.21. */
	if (minor == 22 && ret->features.heap_bitmap == HEAP_BITMAP_ARENA_1BIT)
		ret->heap_arena = layout_tables[version_column(21)].layouts[processor].heap_arena;
	return NULL;
}
