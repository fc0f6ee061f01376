#include "layout_check.h"

#include <string.h>

enum { MAX_NAME = 128 };

/* The structure that is being compared: names of the table come structure by structure. */
struct described {
	const char *names; /* as in the table, with alternatives */
	bool known;
	struct die_type type;
};

/* Takes the next of "a|b|c" into `ret`; false: there is none. */
static bool next_name(const char **names, char ret[MAX_NAME])
{
	size_t length = strcspn(*names, "|");

	if (!length || length >= MAX_NAME)
		return false;
	memcpy(ret, *names, length);
	ret[length] = '\0';
	*names += length + ((*names)[length] == '|');
	return true;
}

static void describe(
	const struct debuginfo *debuginfo, const char *names, struct described *described)
{
	char name[MAX_NAME];

	die_type_deinit(&described->type);
	*described = (struct described){.names = names};
	while (!described->known && next_name(&names, name)) {
		die_t die = debuginfo_runtime_struct(debuginfo, name);

		described->known = die && debuginfo_type(debuginfo, die, &described->type);
	}
}

static const struct die_field *find_field(const struct die_type *type, const char *names)
{
	char name[MAX_NAME];

	while (next_name(&names, name)) {
		vec_foreach (field, &type->fields) {
			if (!strcmp(field->name, name))
				return field;
		}
	}
	return NULL;
}

static struct error *compare(const struct layout *layout, const struct layout_name *name,
	const struct described *described)
{
	const uint8_t *at = (const uint8_t *)layout + name->at;
	struct field field;
	uint32_t size;

	if (!name->field) {
		memcpy(&size, at, sizeof(size));
		if (size && size != described->type.size)
			return error_create(ERROR_LAYOUT,
				"%s has %llu bytes by the program's DWARF, and %u by silt's table",
				name->structure, (unsigned long long)described->type.size, size);
		return NULL;
	}
	memcpy(&field, at, sizeof(field));
	const struct die_field *found = find_field(&described->type, name->field);
	if (field_present(field) && found && found->offset != field.at)
		return error_create(ERROR_LAYOUT,
			"%s.%s lies at %llu by the program's DWARF, and at %u by silt's table",
			name->structure, name->field, (unsigned long long)found->offset, field.at);
	return NULL;
}

struct error *layout_check(const struct layout *layout, const struct debuginfo *debuginfo)
{
	struct described described = {0};
	struct error *error = NULL;

	for (size_t i = 0; i < layout_name_count && !error; i++) {
		const struct layout_name *name = &layout_names[i];

		if (!described.names || strcmp(described.names, name->structure) != 0)
			describe(debuginfo, name->structure, &described);
		if (described.known)
			error = compare(layout, name, &described);
	}
	die_type_deinit(&described.type);
	return error;
}
