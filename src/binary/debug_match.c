#include "debug_match.h"

#include <gelf.h>
#include <string.h>

#include "elf_parts.h"
#include "memory.h"

enum likeness { UNKNOWN, SAME, DIFFERENT };

static enum likeness compare_machines(Elf *program, Elf *debug)
{
	GElf_Ehdr one, other;

	return gelf_getehdr(program, &one) && gelf_getehdr(debug, &other) &&
			       one.e_machine == other.e_machine &&
			       one.e_ident[EI_CLASS] == other.e_ident[EI_CLASS]
		       ? SAME
		       : DIFFERENT;
}

/* Code and package variables must be at the same addresses. */
static enum likeness compare_places(Elf *program, Elf *debug)
{
	static const char *const names[] = {
		".text", ".noptrdata", ".data", ".bss", ".noptrbss", ".go.buildinfo"};
	enum likeness likeness = UNKNOWN;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		GElf_Shdr one, other;

		if (!elf_section_named(program, names[i], &one))
			continue;
		if (!elf_section_named(debug, names[i], &other) || one.sh_addr != other.sh_addr ||
			one.sh_size != other.sh_size)
			return DIFFERENT;
		likeness = SAME;
	}
	return likeness;
}

static enum likeness compare_ids(struct build_id one, struct build_id other)
{
	if (!one.length || !other.length)
		return UNKNOWN;
	return one.length == other.length && !memcmp(one.bytes, other.bytes, one.length)
		       ? SAME
		       : DIFFERENT;
}

static Elf_Data *code_of(Elf *elf)
{
	GElf_Shdr header;
	Elf_Scn *section = elf_section_named(elf, ".text", &header);

	return section && header.sh_type == SHT_PROGBITS ? elf_rawdata(section, NULL) : NULL;
}

static enum likeness compare_code(Elf *program, Elf *debug)
{
	const Elf_Data *one = code_of(program), *other = code_of(debug);

	if (!one || !other || !one->d_size || !one->d_buf || !other->d_buf)
		return UNKNOWN;
	return one->d_size == other->d_size && !memcmp(one->d_buf, other->d_buf, one->d_size)
		       ? SAME
		       : DIFFERENT;
}

const char *debug_match_difference(Elf *program, Elf *debug, bool same_checksum)
{
	if (compare_machines(program, debug) == DIFFERENT)
		return "it is for another machine";
	enum likeness code = compare_code(program, debug);
	enum likeness gnu = compare_ids(elf_gnu_build_id(program), elf_gnu_build_id(debug));
	enum likeness go = compare_ids(elf_go_build_id(program), elf_go_build_id(debug));
	if (code == DIFFERENT)
		return "its code is another";
	if (code == UNKNOWN && gnu == DIFFERENT)
		return "its build id is another";
	if (code == UNKNOWN && gnu == UNKNOWN && go == DIFFERENT)
		return "its Go build id is another";
	if (compare_places(program, debug) == DIFFERENT)
		return "its code or its variables are at other addresses";
	if (code == UNKNOWN && gnu == UNKNOWN && go == UNKNOWN && !same_checksum)
		return "nothing tells that it does: there is no build id";
	return NULL;
}
