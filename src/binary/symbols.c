#include "symbols.h"

#include "sorted.h"

#include <gelf.h>
#include <string.h>

static int by_address(const void *left, const void *right)
{
	const struct symbol *a = left, *b = right;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return (a->size > b->size) - (a->size < b->size);
}

static void read_section(
	const struct executable *executable, Elf_Scn *section, struct symbols *symbols)
{
	GElf_Shdr header;
	Elf_Data *data = elf_getdata(section, NULL);

	if (!data || !gelf_getshdr(section, &header) || !header.sh_entsize)
		return;
	for (size_t i = 0; i < data->d_size / header.sh_entsize; i++) {
		GElf_Sym symbol;

		if (!gelf_getsym(data, (int)i, &symbol) ||
			GELF_ST_TYPE(symbol.st_info) != STT_OBJECT || symbol.st_shndx == SHN_UNDEF)
			continue;
		const char *name = elf_strptr(executable->names, header.sh_link, symbol.st_name);
		if (name && *name)
			vec_push(&symbols->data, {.address = symbol.st_value + executable->bias,
							 .size = symbol.st_size,
							 .name = name});
	}
}

void symbols_read(const struct executable *executable, struct symbols *ret)
{
	Elf_Scn *section = NULL;

	*ret = (struct symbols){0};
	while ((section = elf_nextscn(executable->names, section))) {
		GElf_Shdr header;

		if (gelf_getshdr(section, &header) && header.sh_type == SHT_SYMTAB)
			read_section(executable, section, ret);
	}
	if (ret->data.count)
		qsort(ret->data.items, ret->data.count, sizeof(struct symbol), by_address);
}

void symbols_deinit(struct symbols *symbols)
{
	vec_deinit(&symbols->data);
}

addr_t symbols_address(const struct symbols *symbols, const char *name)
{
	vec_foreach (symbol, &symbols->data) {
		if (!strcmp(symbol->name, name))
			return symbol->address;
	}
	return 0;
}

const struct symbol *symbols_find(const struct symbols *symbols, addr_t address)
{
	size_t low = sorted_prefix(
		symbols->data.items, symbols->data.count, item, item->address <= address);

	if (!low)
		return NULL;
	const struct symbol *symbol = &symbols->data.items[low - 1];

	return address - symbol->address < MAX(symbol->size, 1u) ? symbol : NULL;
}
