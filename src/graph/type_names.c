#include "type_names.h"

#include <string.h>
#include <xxhash.h>

struct type_names {
	struct types *types;
	struct addrmap
		by_name; /* hash of the name -> number of the type + 1; 0: there are several */
};

static uint64_t hash_name(const char *name, size_t length)
{
	return XXH3_64bits(name, length) | 1;
}

static bool enter(const struct go_type *type, void *context)
{
	struct type_names *names = context;
	uint64_t hash = hash_name(type->name, strlen(type->name));
	bool again = addrmap_get(&names->by_name, hash, NULL);

	if (type->named)
		addrmap_set(&names->by_name, hash, again ? 0 : type->number + 1);
	return false;
}

struct type_names *type_names_create(struct types *types)
{
	struct type_names *names = memory_alloc(sizeof(*names));

	names->types = types;
	types_each(types, enter, names);
	return names;
}

void type_names_destroy(struct type_names *names)
{
	if (!names)
		return;
	addrmap_deinit(&names->by_name);
	free(names);
}

/* "net/http.(*conn).serve" is of type "http.conn"; "main.(*List[...]).Push" has a shape, not a
 * type. */
const struct go_type *type_names_receiver(struct type_names *names, const char *function)
{
	const char *open = strstr(function, ".(*");
	const char *close = open ? strchr(open, ')') : NULL;
	uint32_t number = 0;

	if (!close || memchr(open, '[', (size_t)(close - open)))
		return NULL;
	const char *package = open;
	while (package > function && package[-1] != '/')
		package--;
	_cleanup_free_ char *name = memory_format(
		"%.*s.%.*s", (int)(open - package), package, (int)(close - open - 3), open + 3);
	addrmap_get(&names->by_name, hash_name(name, strlen(name)), &number);
	return number ? names->types->list.items[number - 1] : NULL;
}
