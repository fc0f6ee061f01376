#include "elf_parts.h"

#include <string.h>

#include "text.h"

enum { NOTE_GO_BUILD_ID = 4 };

Elf_Scn *elf_section_named(Elf *elf, const char *name, GElf_Shdr *ret)
{
	size_t names;
	Elf_Scn *section = NULL;

	if (elf_getshdrstrndx(elf, &names) < 0)
		return NULL;
	while ((section = elf_nextscn(elf, section))) {
		if (!gelf_getshdr(section, ret))
			continue;
		const char *found = elf_strptr(elf, names, ret->sh_name);
		if (found && !strcmp(found, name))
			return section;
	}
	return NULL;
}

/* Looks for a note in one piece of notes. */
static bool note_in(Elf_Data *data, const char *owner, uint32_t type, struct build_id *ret)
{
	size_t at = 0, next, name_at, contents_at;
	GElf_Nhdr header;

	while (data && (next = gelf_getnote(data, at, &header, &name_at, &contents_at))) {
		const char *bytes = data->d_buf;

		at = next;
		/* Go counts the padding of its name: four bytes. */
		if (header.n_type != type || header.n_namesz <= strlen(owner) ||
			memcmp(bytes + name_at, owner, strlen(owner) + 1) != 0 ||
			header.n_descsz > sizeof(ret->bytes))
			continue;
		memcpy(ret->bytes, bytes + contents_at, header.n_descsz);
		ret->length = header.n_descsz;
		return true;
	}
	return false;
}

/* A file of debug information has its notes in sections: its segments are empty. */
static bool note_in_sections(Elf *elf, const char *owner, uint32_t type, struct build_id *ret)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;

		if (gelf_getshdr(section, &header) && header.sh_type == SHT_NOTE &&
			note_in(elf_getdata(section, NULL), owner, type, ret))
			return true;
	}
	return false;
}

/* A program may have lost its section headers. */
static bool note_in_segments(Elf *elf, const char *owner, uint32_t type, struct build_id *ret)
{
	size_t count = 0;

	if (elf_getphdrnum(elf, &count) < 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr header;

		if (gelf_getphdr(elf, (int)i, &header) && header.p_type == PT_NOTE &&
			note_in(elf_getdata_rawchunk(elf, (int64_t)header.p_offset, header.p_filesz,
					header.p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR),
				owner, type, ret))
			return true;
	}
	return false;
}

static struct build_id find_build_id(Elf *elf, const char *owner, uint32_t type)
{
	struct build_id id = {.length = 0};

	if (!note_in_sections(elf, owner, type, &id))
		note_in_segments(elf, owner, type, &id);
	return id;
}

struct build_id elf_gnu_build_id(Elf *elf)
{
	return find_build_id(elf, "GNU", NT_GNU_BUILD_ID);
}

struct build_id elf_go_build_id(Elf *elf)
{
	return find_build_id(elf, "Go", NOTE_GO_BUILD_ID);
}

char *build_id_hex(const struct build_id *id)
{
	struct text hex = {0};

	for (size_t i = 0; i < id->length; i++)
		text_add(&hex, "%02x", id->bytes[i]);
	return text_take(&hex);
}
