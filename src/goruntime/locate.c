#include "locate.h"

#include "bytes.h"
#include "cycle.h"
#include "locate_code.h"
#include "mspan.h"

enum {
	PROBED = 64, /* how many elements of a slice are looked at */
	MAX_GOROUTINES = 1 << 26,
	MAX_SPANS = 1 << 28,
	MAX_STACK = 1 << 30,
	MAX_STATUS = 11,
	GOID_LIMIT_BITS = 48,
	MIN_SPANS = 4,
	/* Spans that may be in the middle of a change: one in so many, and one more. */
	TOLERATED_SHARE = 16,
	TOLERATED_FEW = 1,
	MAX_PROCESSORS = 1 << 16,
	PROBED_SPANS = 8, /* of those that a p allocates from */
	P_DEAD = 4,       /* runtime2.go, _Pdead */
	MAX_FIN_BLOCKS = 1 << 20,
	FINALIZERS_PER_BLOCK = 101,
	MAX_CLEANUPS_PER_BLOCK = 60,
	CLEANUP_CALL_WORDS = 3, /* 1.26: {call, fn, arg} */
};

static bool looks_like_g(const struct goruntime *runtime, addr_t g)
{
	const struct layout *layout = &runtime->layout;
	struct reader reader = reader_over(runtime->target);
	addr_t low = reader_u64(&reader, g + layout->g.stack.at);
	addr_t high = reader_u64(&reader, g + layout->g.stack.at + 8);
	uint64_t status = read_field(&reader, g, layout->g.atomicstatus) & ~0x1000ull;
	uint64_t goid = read_field(&reader, g, layout->g.goid);

	if (g % 8 || reader.failed || status > MAX_STATUS || goid >> GOID_LIMIT_BITS)
		return false;
	if (low == 0 && high == 0)
		return status < 1 || status > 4; /* no stack: idle or dead */
	return low < high && high - low <= MAX_STACK && low % 1024 == 0;
}

/* The slice at an address: {pointer, length, capacity} that could be one. */
struct slice {
	addr_t array;
	uint64_t length;
};

static bool read_slice(
	const struct goruntime *runtime, addr_t address, uint64_t limit, struct slice *ret)
{
	struct reader reader = reader_over(runtime->target);
	uint64_t capacity;

	ret->array = reader_u64(&reader, address);
	ret->length = reader_u64(&reader, address + 8);
	capacity = reader_u64(&reader, address + 16);
	return !reader.failed && ret->length && ret->length <= capacity && capacity <= limit &&
	       ret->array % 8 == 0 && ret->array > 4096;
}

static bool read_elements(
	const struct goruntime *runtime, const struct slice *slice, addr_t *elements, size_t count)
{
	struct reader reader = reader_over(runtime->target);

	return reader_bytes(&reader, slice->array, elements, count * sizeof(*elements));
}

static bool is_allgs(const struct goruntime *runtime, addr_t address)
{
	addr_t elements[PROBED];
	struct slice slice;

	if (!read_slice(runtime, address, MAX_GOROUTINES, &slice))
		return false;
	size_t count = MIN(slice.length, (uint64_t)PROBED);
	if (!read_elements(runtime, &slice, elements, count))
		return false;
	if (count == slice.length && count > 1 && !elements[count - 1])
		count--; /* its length is written before it (proc.go, allgadd) */
	for (size_t i = 0; i < count; i++) {
		if (!looks_like_g(runtime, elements[i]) || (i && elements[i] == elements[i - 1]))
			return false;
	}
	struct reader reader = reader_over(runtime->target);
	uint64_t goid = read_field(&reader, elements[0], runtime->layout.g.goid);
	return !reader.failed && (goruntime_keeps_first(runtime) ? goid == 1 : goid != 0);
}

/* arenas[0][arena]->spans[page] of the span's first page is the span again. */
static bool arena_agrees(
	const struct goruntime *runtime, addr_t mheap, addr_t span_at, const struct mspan *span)
{
	const struct layout *layout = &runtime->layout;
	struct reader reader = reader_over(runtime->target);
	addr_t second_level = reader_u64(&reader, mheap + layout->mheap.arenas.at);
	addr_t arena = reader_u64(&reader, second_level + 8 * arena_place(layout, span->start));
	uint64_t page = span->start >> RUNTIME_PAGE_SHIFT & (ARENA_PAGES - 1);

	return reader_u64(&reader, arena + layout->heap_arena.spans.at + 8 * page) == span_at &&
	       !reader.failed;
}

/* A span is in use before the arena tells of it (mheap.allocSpan: the state is set, then setSpans
 * is called): a thread may stand between the two, and where the target runs, it goes on between two
 * reads. So a few need not agree. */
static bool is_mheap(const struct goruntime *runtime, addr_t address)
{
	const struct layout *layout = &runtime->layout;
	addr_t elements[PROBED];
	struct slice slice;
	unsigned agreeing = 0, wrong = 0;

	if (!read_slice(runtime, address + layout->mheap.allspans.at, MAX_SPANS, &slice) ||
		slice.length <= MIN_SPANS)
		return false;
	size_t count = MIN(slice.length, (uint64_t)PROBED);
	if (!read_elements(runtime, &slice, elements, count))
		return false;
	for (size_t i = 0; i < count; i++) {
		uint8_t bytes[256];

		if (elements[i] % 8 || !mspan_read(runtime, elements[i], bytes))
			return false;
		struct mspan span = mspan_parse(layout, bytes);
		bool plausible = mspan_plausible(&span);
		if (plausible && span.state != SPAN_IN_USE)
			continue;
		if (plausible && arena_agrees(runtime, address, elements[i], &span))
			agreeing++;
		else
			wrong++;
	}
	return agreeing && wrong <= TOLERATED_FEW + (agreeing + wrong) / TOLERATED_SHARE;
}

/* What a p allocates from: spans, or an empty one in the program's data (mcache.go). */
static bool looks_like_mcache(const struct goruntime *runtime, addr_t mcache)
{
	const struct layout *layout = &runtime->layout;
	struct reader reader = reader_over(runtime->target);
	uint8_t bytes[256];

	for (unsigned i = 0; i < PROBED_SPANS; i++) {
		addr_t at = reader_u64(&reader, mcache + layout->mcache.alloc.at + 8 * i);

		if (at % 8 || !at || !reader_bytes(&reader, at, bytes, layout->mspan.size))
			return false;
		struct mspan span = mspan_parse(layout, bytes);
		if (span.state > SPAN_MANUAL || span.spanclass >= MAX_SPAN_CLASS)
			return false;
	}
	return true;
}

/* runtime2.go: _Pidle to _Pdead; a dead one, left over from a larger GOMAXPROCS, has no mcache. */
static bool looks_like_p(const struct goruntime *runtime, addr_t p, size_t index)
{
	const struct layout *layout = &runtime->layout;
	struct reader reader = reader_over(runtime->target);
	uint64_t id = read_field(&reader, p, layout->p.id);
	uint64_t status = read_field(&reader, p, layout->p.status);
	addr_t mcache = read_field(&reader, p, layout->p.mcache);

	if (p % 8 || reader.failed || id != index || status > P_DEAD)
		return false;
	return mcache ? looks_like_mcache(runtime, mcache) : status == P_DEAD;
}

static bool is_allp(const struct goruntime *runtime, addr_t address)
{
	addr_t elements[PROBED];
	struct slice slice;

	if (!read_slice(runtime, address, MAX_PROCESSORS, &slice))
		return false;
	size_t count = MIN(slice.length, (uint64_t)PROBED);
	if (!read_elements(runtime, &slice, elements, count))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!looks_like_p(runtime, elements[i], i))
			return false;
	}
	return true;
}

/* Tries every word of the program's data as the start of the variable. `inside` is how far into the
 * variable the part lies that a quick look at three words can exclude: a slice. */
static addr_t search_data(const struct goruntime *runtime, locate_test_fn *test, uint32_t inside)
{
	const struct module *module = &runtime->modules.list.items[0];
	const struct {
		addr_t start, end;
	} parts[] = {
		{module->data, module->edata},
		{module->bss, module->ebss},
		{module->noptrdata, module->enoptrdata},
		{module->noptrbss, module->enoptrbss},
	};

	for (size_t part = 0; part < ARRAY_SIZE(parts); part++) {
		size_t length = (size_t)(parts[part].end - parts[part].start) & ~7ull;
		_cleanup_free_ uint8_t *bytes = memory_alloc(length);

		target_read_present(runtime->target, parts[part].start, bytes, length);
		for (size_t at = 0; at + 24 <= length; at += 8) {
			uint64_t array = load_u64(bytes + at), count = load_u64(bytes + at + 8),
				 capacity = load_u64(bytes + at + 16);

			if (!count || count > capacity || capacity > MAX_SPANS || array <= 4096 ||
				array % 8)
				continue;
			if (test(runtime, parts[part].start + at - inside))
				return parts[part].start + at - inside;
		}
	}
	return 0;
}

/* By its symbol when there is one, else by its shape; checked by its shape in both cases. */
static struct error *locate(const struct goruntime *runtime, const char *name, locate_test_fn *test,
	uint32_t inside, addr_t *ret)
{
	addr_t address = symbols_address(&runtime->symbols, name);

	if (!address || !test(runtime, address))
		address = search_data(runtime, test, inside);
	if (!address)
		return error_create(ERROR_LAYOUT,
			"%s was not found: the layout of Go 1.%u does not fit this program", name,
			runtime->layout.minor);
	*ret = address;
	return NULL;
}

/* A chain of finblocks, mfinal.go: at most 101 finalizers each, whose functions are Go functions.
 */
static bool is_allfin(const struct goruntime *runtime, addr_t address)
{
	const struct layout *layout = &runtime->layout;
	struct reader reader = reader_over(runtime->target);
	addr_t block = reader_u64(&reader, address);
	struct cycle cycle = {0};
	uint64_t total = 0;

	if (!block)
		return false;
	for (unsigned i = 0; block && i < MAX_FIN_BLOCKS; i++) {
		uint64_t count = read_field(&reader, block, layout->fin_block.cnt);

		if (block % 8 || reader.failed || cycle_closes(&cycle, block) ||
			count > FINALIZERS_PER_BLOCK)
			return false;
		for (uint64_t k = 0; k < count; k++) {
			addr_t entry =
				block + layout->fin_block.fin.at + k * layout->finalizer.size;
			addr_t function = reader_u64(
				&reader, read_field(&reader, entry, layout->finalizer.fn));

			if (reader.failed || !modules_of_text(&runtime->modules, function))
				return false;
		}
		total += count;
		block = read_field(&reader, block, layout->fin_block.alllink);
	}
	return !reader.failed && total;
}

/* cleanupQueue.all, mcleanup.go: a chain of blocks whose header says how many are in them. Each
 * begins with a function value: of the cleanup, and since 1.26 of the function that calls it. */
static bool is_cleanup_queue(const struct goruntime *runtime, addr_t address)
{
	const struct layout *layout = &runtime->layout;
	uint64_t words = layout->features.cleanup_is_call ? CLEANUP_CALL_WORDS : 1;
	struct reader reader = reader_over(runtime->target);
	addr_t block = reader_u64(&reader, address + layout->cleanup_queue.all.at);
	uint64_t total = 0;

	for (unsigned i = 0; block && i < MAX_FIN_BLOCKS; i++) {
		uint64_t count = read_field(&reader, block, layout->cleanup_block.n);

		if (block % 8 || reader.failed || count > MAX_CLEANUPS_PER_BLOCK / words)
			return false;
		for (uint64_t k = 0; k < count; k++) {
			addr_t entry = block + layout->cleanup_block.size + k * words * 8;
			addr_t closure = reader_u64(&reader, entry);

			if (!closure) /* it has been taken out to be run */
				continue;
			if (!modules_of_text(&runtime->modules, reader_u64(&reader, closure)) ||
				reader.failed)
				return false;
			total++;
		}
		block = read_field(&reader, block, layout->cleanup_block.alllink);
	}
	return !reader.failed && total;
}

static addr_t locate_one(
	const struct goruntime *runtime, const char *name, locate_test_fn *test, uint32_t inside)
{
	addr_t address = 0;

	locate_in_function(runtime, name, test, inside, &address, 1);
	return address;
}

/* The queues are roots, so runtime.markroot refers to them, or to a field inside of them. */
static addr_t locate_queue(
	const struct goruntime *runtime, const char *name, locate_test_fn *test, uint32_t inside)
{
	addr_t address = symbols_address(&runtime->symbols, name);

	return address ? address : locate_one(runtime, "runtime.markroot", test, inside);
}

/* sema.go: {lock, treap, nwait} and zeros up to the next cache line; who is in the treap was
 * counted before. */
static bool is_sema_root(const struct goruntime *runtime, addr_t root)
{
	const struct layout *layout = &runtime->layout;
	uint8_t padding[SEMA_ROOT_STRIDE_MAX] = {0};
	struct reader reader = reader_over(runtime->target);
	addr_t treap = read_field(&reader, root, layout->sema_root.treap);
	uint64_t waiting = read_field(&reader, root, layout->sema_root.nwait);

	if (!reader_bytes(&reader, root + layout->sema_root.size, padding,
		    layout->facts.sema_root_stride - layout->sema_root.size))
		return false;
	for (size_t i = 0; i < sizeof(padding); i++) {
		if (padding[i])
			return false;
	}
	return treap % 8 == 0 && waiting <= MAX_GOROUTINES && (!treap || waiting);
}

/* It has pointers, so it is in bss. */
static bool is_semtable(const struct goruntime *runtime, addr_t address)
{
	const struct module *module = &runtime->modules.list.items[0];

	addr_t stride = runtime->layout.facts.sema_root_stride;

	if (address < module->bss || address + SEMA_ROOTS * stride > module->ebss)
		return false;
	for (unsigned i = 0; i < SEMA_ROOTS; i++) {
		if (!is_sema_root(runtime, address + i * stride))
			return false;
	}
	return true;
}

static addr_t locate_semtable(const struct goruntime *runtime)
{
	addr_t address = symbols_address(&runtime->symbols, "runtime.semtable");

	return address ? address : locate_one(runtime, "runtime.semacquire1", is_semtable, 0);
}

struct error *locate_globals(struct goruntime *runtime)
{
	TRY(locate(runtime, "runtime.mheap_", is_mheap, runtime->layout.mheap.allspans.at,
		&runtime->mheap));
	TRY(locate(runtime, "runtime.allgs", is_allgs, 0, &runtime->allgs));
	/* Nothing but what is said of timers depends on it. */
	error_destroy(locate(runtime, "runtime.allp", is_allp, 0, &runtime->allp));
	runtime->allfin = locate_queue(runtime, "runtime.allfin", is_allfin, 0);
	if (field_present(runtime->layout.cleanup_queue.all))
		runtime->cleanups = locate_queue(runtime, "runtime.gcCleanups", is_cleanup_queue,
			runtime->layout.cleanup_queue.all.at);
	runtime->semtable = locate_semtable(runtime);
	return NULL;
}
