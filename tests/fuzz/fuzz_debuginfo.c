/* DWARF: the bytes become the sections of a program. The first ones say how long the sections are.
 */
#include "bytes.h"
#include "debuginfo.h"
#include "fuzz.h"

static const char BUILDINFO[48] = "\xff Go buildinf:\x08\x02"
				  "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
				  "\x08go1.26.1";
static const char *const sections[] = {
	".debug_abbrev", ".debug_str", ".debug_addr", ".debug_ranges", ".debug_loc", ".debug_info"};

enum { TYPES_ASKED = 256 };

static void visit_local(void *context, const struct local *local)
{
	*(size_t *)context += strlen(local->name);
}

static void visit_capture(void *context, const struct capture_field *field)
{
	*(size_t *)context += strlen(field->name);
}

static void ask(const struct debuginfo *debuginfo)
{
	size_t length = 0;

	vec_foreach (variable, &debuginfo->variables) {
		length += strlen(variable->name);
		debuginfo_variable(debuginfo, variable->address);
	}
	vec_foreach (function, &debuginfo->functions) {
		debuginfo_locals(
			debuginfo, function->entry, function->entry + 1, visit_local, &length);
		debuginfo_captures(debuginfo, function->entry, visit_capture, &length);
	}
	for (die_t at = 0; at < TYPES_ASKED; at++) {
		struct die_type type;

		if (!debuginfo_type(debuginfo, at, &type))
			continue;
		length += strlen(type.name);
		vec_foreach (field, &type.fields)
			length += strlen(field->name);
		die_type_deinit(&type);
	}
	__asm__ volatile("" ::"r"(length)); /* the names must be looked at */
}

static void make_program(struct elf_image *image, const uint8_t *bytes, size_t length)
{
	struct cursor cursor = cursor_over(bytes, length);
	size_t lengths[ARRAY_SIZE(sections)];

	elf_image_init(image, ET_EXEC);
	elf_image_add_section(
		image, ".go.buildinfo", SHT_PROGBITS, 0x500000, BUILDINFO, sizeof(BUILDINFO));
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		lengths[i] = i + 1 < ARRAY_SIZE(sections) ? cursor_u8(&cursor) : SIZE_MAX;
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		size_t part = cursor.failed ? 0 : MIN(lengths[i], cursor_left(&cursor));

		elf_image_add_section(image, sections[i], SHT_PROGBITS, 0,
			part ? cursor_take(&cursor, part) : NULL, part);
	}
	elf_image_finish(image);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct elf_image image;
	struct executable *executable;
	struct debuginfo *debuginfo;

	make_program(&image, bytes, length);
	struct target *target = fuzz_target_with_executable(image.bytes.items, image.bytes.count);
	if (fuzz_passed(executable_open(target, &executable))) {
		if (fuzz_passed(debuginfo_open(executable, &debuginfo))) {
			ask(debuginfo);
			debuginfo_destroy(debuginfo);
		}
		executable_destroy(executable);
	}
	target_destroy(target);
	elf_image_deinit(&image);
	return 0;
}
