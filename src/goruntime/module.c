#include "module.h"

#include <elf.h>
#include <gelf.h>
#include <string.h>

#include "bytes.h"

enum {
	HEADER_SIZE = 72,
	MAX_FUNCTIONS = 1 << 24,
	MAX_MODULES = 256,
	SCAN_UNIT = 1 << 20,
	MAX_MODULEDATA = 1024,
	MAX_COPIED = 256 << 20, /* bytes of a table */
	MAX_SECTION_SHIFT = 31, /* the linker's limit on amd64: addresses in code have 32 bits */
};

/* pcHeader, runtime/symtab.go; the same in all versions but for the magic and textStart. */
struct pc_header {
	addr_t address;
	uint32_t magic;
	uint8_t min_instruction;
	uint64_t function_count;
	uint64_t names, units, files, pcvalues, functions; /* offsets from the header */
};

static bool parse_pc_header(const uint8_t *bytes, addr_t address, struct pc_header *ret)
{
	*ret = (struct pc_header){
		.address = address,
		.magic = load_u32(bytes),
		.min_instruction = bytes[6],
		.function_count = load_u64(bytes + 8),
		.names = load_u64(bytes + 32),
		.units = load_u64(bytes + 40),
		.files = load_u64(bytes + 48),
		.pcvalues = load_u64(bytes + 56),
		.functions = load_u64(bytes + 64),
	};
	return (ret->magic == PCLNTAB_MAGIC_118 || ret->magic == PCLNTAB_MAGIC_120) && !bytes[4] &&
	       !bytes[5] && (bytes[6] == 1 || bytes[6] == 2 || bytes[6] == 4) && bytes[7] == 8 &&
	       ret->function_count && ret->function_count < MAX_FUNCTIONS &&
	       ret->names <= ret->units && ret->units <= ret->files &&
	       ret->files <= ret->pcvalues && ret->pcvalues <= ret->functions &&
	       ret->functions < UINT32_MAX;
}

/* What a scan of memory is looking for, and the first thing found. */
struct scan {
	const struct target *target;
	const struct executable *executable;
	const struct layout *layout;
	const struct pc_header *header; /* of the moduledata that is looked for */
	struct modules *modules;        /* that keep copies of tables */
	struct pc_header found_header;
	addr_t found;
};

typedef bool scan_fn(struct scan *scan, const uint8_t *bytes, size_t length, addr_t address);

static bool scan_for_header(struct scan *scan, const uint8_t *bytes, size_t length, addr_t address)
{
	for (size_t at = 0; at + HEADER_SIZE <= length; at += 8) {
		if (load_u32(bytes + at) < PCLNTAB_MAGIC_118)
			continue;
		if (parse_pc_header(bytes + at, address + at, &scan->found_header)) {
			scan->found = address + at;
			return true;
		}
	}
	return false;
}

static uint64_t md_word(const uint8_t *moduledata, struct field field)
{
	return load_u64(moduledata + field.at);
}

/* The slices of a moduledata point into the table at the offsets that the header gives. */
static bool is_moduledata(
	const uint8_t *bytes, const struct layout *layout, const struct pc_header *header)
{
	return md_word(bytes, layout->moduledata.pc_header) == header->address &&
	       md_word(bytes, layout->moduledata.funcnametab) == header->address + header->names &&
	       md_word(bytes, layout->moduledata.pclntable) ==
		       header->address + header->functions &&
	       load_u64(bytes + layout->moduledata.ftab.at + 8) == header->function_count + 1;
}

static bool scan_for_moduledata(
	struct scan *scan, const uint8_t *bytes, size_t length, addr_t address)
{
	for (size_t at = 0; at + scan->layout->moduledata.size <= length; at += 8) {
		if (load_u64(bytes + at) == scan->header->address &&
			is_moduledata(bytes + at, scan->layout, scan->header)) {
			scan->found = address + at;
			return true;
		}
	}
	return false;
}

/* Reads [start, end) in units that overlap by what a structure may need. */
static bool scan_memory(struct scan *scan, addr_t start, addr_t end, scan_fn *look)
{
	_cleanup_free_ uint8_t *buffer = memory_alloc(SCAN_UNIT + MAX_MODULEDATA);

	for (addr_t at = start; at < end; at += SCAN_UNIT) {
		size_t length = (size_t)MIN(end - at, (addr_t)(SCAN_UNIT + MAX_MODULEDATA));
		const uint8_t *bytes = target_bytes(scan->target, at, length, buffer);

		if (bytes && look(scan, bytes, length, at))
			return true;
	}
	return false;
}

enum which_segments { SEGMENTS_FILE, SEGMENTS_WRITABLE, SEGMENTS_READ_ONLY };

/* Scans the loaded segments: the bytes of the file, or the memory of the target. */
static bool scan_segments(struct scan *scan, enum which_segments which, scan_fn *look)
{
	const struct executable *executable = scan->executable;
	size_t count = 0;

	elf_getphdrnum(executable->elf, &count);
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr header;

		if (!gelf_getphdr(executable->elf, (int)i, &header) || header.p_type != PT_LOAD ||
			header.p_offset > executable->length)
			continue;
		addr_t start = (header.p_vaddr + executable->bias + 7) & ~7ull;
		size_t skip = (size_t)(start - executable->bias - header.p_vaddr);
		size_t length = (size_t)MIN(header.p_filesz, executable->length - header.p_offset);

		if (length < skip)
			continue;
		length -= skip;
		if (which == SEGMENTS_FILE) {
			const uint8_t *bytes = executable->bytes + header.p_offset + skip;

			if (look(scan, bytes, length, start))
				return true;
		} else if (!!(header.p_flags & PF_W) == (which == SEGMENTS_WRITABLE)) {
			if (scan_memory(scan, start, start + length, look))
				return true;
		}
	}
	return false;
}

static bool find_header_in_section(struct scan *scan)
{
	static const char *const names[] = {".gopclntab", ".data.rel.ro.gopclntab"};
	struct section section;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (executable_section(scan->executable, names[i], &section) &&
			section.length >= HEADER_SIZE &&
			parse_pc_header(section.bytes, section.address, &scan->found_header))
			return true;
	}
	return false;
}

static struct error *find_first_moduledata(
	struct scan *scan, struct pc_header *ret_header, addr_t *ret_address)
{
	struct section section;

	if (!find_header_in_section(scan) && !scan_segments(scan, SEGMENTS_FILE, scan_for_header))
		return error_create(ERROR_LAYOUT,
			"%s: pclntab was not found: is the program packed or damaged?",
			scan->executable->path);
	*ret_header = scan->found_header;
	scan->header = ret_header;
	/* Since 1.26 a section of its own holds exactly the moduledata. */
	if (executable_section(scan->executable, ".go.module", &section) &&
		scan_memory(scan, section.address, section.address + scan->layout->moduledata.size,
			scan_for_moduledata)) {
		*ret_address = scan->found;
		return NULL;
	}
	if (!scan_segments(scan, SEGMENTS_WRITABLE, scan_for_moduledata) &&
		!scan_segments(scan, SEGMENTS_READ_ONLY, scan_for_moduledata))
		return error_create(ERROR_LAYOUT,
			"moduledata was not found in memory: the executable %s is not that of the target, or its data was not captured",
			scan->executable->path);
	*ret_address = scan->found;
	return NULL;
}

/* A table in a file that is not the program: of a plugin in a process, which nobody can view. */
static const uint8_t *copy_table(const struct scan *scan, addr_t address, uint64_t length)
{
	uint8_t last;
	struct reader reader = reader_over(scan->target);

	/* Is all of it there? Before memory is taken for it. */
	if (!scan->target->cache || !length || length > MAX_COPIED ||
		!reader_bytes(&reader, address + length - 1, &last, 1))
		return NULL;
	uint8_t *copy = memory_alloc(length);
	vec_push(&scan->modules->copies, copy);
	return reader_bytes(&reader, address, copy, length) ? copy : NULL;
}

/* The bytes of a table of a module: from the file where there is one, else from memory. */
static struct error *view_table(const struct scan *scan, const uint8_t *moduledata,
	struct field slice, size_t unit, const char *name, struct blob *ret)
{
	addr_t address = md_word(moduledata, slice);
	uint64_t length = load_u64(moduledata + slice.at + 8) * unit;

	if (length > UINT32_MAX)
		return error_create(ERROR_LAYOUT, "moduledata.%s is too long", name);
	const uint8_t *bytes = executable_view(scan->executable, address, length);
	if (!bytes)
		bytes = target_view(scan->target, address, length);
	if (!bytes)
		bytes = copy_table(scan, address, length);
	if (!bytes)
		return error_create(ERROR_LAYOUT, "moduledata.%s cannot be read", name);
	*ret = (struct blob){bytes, length};
	return NULL;
}

static struct error *view_function_table(const struct scan *scan, const uint8_t *moduledata,
	const struct pc_header *header, struct pclntab *ret)
{
	const struct layout *layout = scan->layout;
	struct pclntab table = {
		.magic = header->magic,
		.min_instruction = header->min_instruction,
		.function_count = (uint32_t)header->function_count,
		.text = md_word(moduledata, layout->moduledata.text),
		.text_end = md_word(moduledata, layout->moduledata.maxpc),
		.gofunc = md_word(moduledata, layout->moduledata.gofunc),
	};

#define VIEW(member, unit, to)                                                                     \
	TRY(view_table(scan, moduledata, layout->moduledata.member, unit, #member, &table.to))
	VIEW(funcnametab, 1, names);
	VIEW(cutab, 4, units);
	VIEW(filetab, 1, files);
	VIEW(pctab, 1, pcvalues);
	VIEW(pclntable, 1, functions);
#undef VIEW
	TRY(pclntab_check(&table));
	*ret = table;
	return NULL;
}

static struct bitvector read_bitvector(const uint8_t *moduledata, struct field field)
{
	return (struct bitvector){
		.count = load_u32(moduledata + field.at),
		.bits = load_u64(moduledata + field.at + 8),
	};
}

static struct error *check_module(const struct module *module)
{
	const struct {
		addr_t low, high;
		const char *what;
	} orders[] = {
		{module->text, module->etext, "text"},
		{module->noptrdata, module->enoptrdata, "noptrdata"},
		{module->data, module->edata, "data"},
		{module->bss, module->ebss, "bss"},
		{module->noptrbss, module->enoptrbss, "noptrbss"},
		{module->types, module->etypes, "types"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		if (orders[i].low > orders[i].high || (i == 0 && orders[i].low == orders[i].high))
			return error_create(ERROR_LAYOUT, "moduledata: %s ends before it begins",
				orders[i].what);
		if ((orders[i].high - orders[i].low) >> MAX_SECTION_SHIFT)
			return error_create(
				ERROR_LAYOUT, "moduledata: %s is too long", orders[i].what);
	}
	if (module->end < module->noptrdata ||
		(module->end - module->noptrdata) >> (MAX_SECTION_SHIFT + 2))
		return error_create(ERROR_LAYOUT, "moduledata: end is not behind its variables");
	if (module->data_mask.count != (module->edata - module->data) / 8)
		return error_create(ERROR_LAYOUT, "moduledata: gcdatamask does not cover data");
	if (module->bss_mask.count != (module->ebss - module->bss) / 8)
		return error_create(ERROR_LAYOUT, "moduledata: gcbssmask does not cover bss");
	return NULL;
}

static struct error *read_module(
	const struct scan *scan, addr_t address, const struct pc_header *header, struct module *ret)
{
	uint8_t bytes[MAX_MODULEDATA];
	const struct layout *layout = scan->layout;

	TRY(target_read(scan->target, address, bytes, layout->moduledata.size));
	if (!is_moduledata(bytes, layout, header))
		return error_create(ERROR_LAYOUT,
			"moduledata at 0x%" PRIaddr " does not fit its pcHeader",
			(unsigned long long)address);
#define WORD(name) md_word(bytes, layout->moduledata.name)
	*ret = (struct module){
		.address = address,
		.text = WORD(text),
		.etext = WORD(etext),
		.noptrdata = WORD(noptrdata),
		.enoptrdata = WORD(enoptrdata),
		.data = WORD(data),
		.edata = WORD(edata),
		.bss = WORD(bss),
		.ebss = WORD(ebss),
		.noptrbss = WORD(noptrbss),
		.enoptrbss = WORD(enoptrbss),
		.end = WORD(end),
		.types = WORD(types),
		.etypes = WORD(etypes),
		.rodata = WORD(rodata),
		.data_mask = read_bitvector(bytes, layout->moduledata.gcdatamask),
		.bss_mask = read_bitvector(bytes, layout->moduledata.gcbssmask),
		.next = WORD(next),
	};
#undef WORD
	TRY(check_module(ret));
	return view_function_table(scan, bytes, header, &ret->functions);
}

/* A module that was loaded later: its header is where its moduledata says. */
static struct error *read_later_module(const struct scan *scan, addr_t address, struct module *ret)
{
	uint8_t bytes[HEADER_SIZE];
	struct reader reader = reader_over(scan->target);
	addr_t header_at = reader_u64(&reader, address + scan->layout->moduledata.pc_header.at);
	struct pc_header header;

	reader_bytes(&reader, header_at, bytes, sizeof(bytes));
	TRY(reader_error(&reader, "moduledata.next"));
	if (!parse_pc_header(bytes, header_at, &header))
		return error_create(ERROR_LAYOUT, "moduledata.next is not a moduledata");
	return read_module(scan, address, &header, ret);
}

static struct error *find_modules(struct scan *scan, struct modules *modules)
{
	struct reader reader = reader_over(scan->target);
	struct pc_header header;
	struct module module;
	addr_t address;

	TRY(find_first_moduledata(scan, &header, &address));
	TRY(read_module(scan, address, &header, &module));
	uint8_t has_main = reader_u8(&reader, address + scan->layout->moduledata.hasmain.at);
	if (has_main > 1)
		return error_create(ERROR_LAYOUT, "moduledata.hasmain is neither 0 nor 1");
	module.has_main = has_main;
	vec_push(&modules->list, module);
	while (module.next && modules->list.count < MAX_MODULES) {
		TRY(read_later_module(scan, module.next, &module));
		vec_push(&modules->list, module);
	}
	return NULL;
}

struct error *modules_find(const struct target *target, const struct executable *executable,
	const struct layout *layout, struct modules *ret)
{
	struct modules modules = {0};
	struct scan scan = {
		.target = target, .executable = executable, .layout = layout, .modules = &modules};
	struct error *error = find_modules(&scan, &modules);

	if (error) {
		modules_deinit(&modules);
		return error;
	}
	*ret = modules;
	return NULL;
}

void modules_deinit(struct modules *modules)
{
	vec_foreach (copy, &modules->copies)
		free(*copy);
	vec_deinit(&modules->copies);
	vec_deinit(&modules->list);
}

const struct module *modules_of_text(const struct modules *modules, addr_t pc)
{
	vec_foreach (module, &modules->list) {
		if (module->text <= pc && pc < module->etext)
			return module;
	}
	return NULL;
}

const struct module *modules_of_type(const struct modules *modules, addr_t type)
{
	vec_foreach (module, &modules->list) {
		if (module->types <= type && type < module->etypes)
			return module;
	}
	return NULL;
}
