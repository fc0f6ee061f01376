/* What values of type any have at one place of all trees of map[string]any: the struct that fits
 * all of them.
 *
 * A place is the root, a key of the maps at a place, or an element of the slices at a place. Values
 * are added to it one by one, as any_walk.h finds them; any_schema_finish() then decides what each
 * place is, and what the same data costs in that struct. A map with too many different keys, or
 * with keys that hardly come twice, is a dictionary: its keys are data.
 */
#pragma once

#include "gotype.h"

enum any_kind {
	ANY_NULL,       /* nothing but nil, or nothing */
	ANY_SCALAR,     /* one type, which is neither of the two below: `scalar` */
	ANY_STRUCT,     /* maps: `fields` */
	ANY_DICTIONARY, /* maps whose values are all alike: `element` */
	ANY_SLICE,      /* []any: `element` */
	ANY_MIXED,      /* values of several types */
};

struct any_schema {
	char *key;       /* of the map above; "" for others, and where it is not known */
	uint64_t values; /* that were seen here: */
	uint64_t nulls;
	uint64_t maps;
	uint64_t slices;
	uint64_t scalars;
	const struct go_type *scalar; /* of the first */
	bool several;                 /* scalars of other types too */
	uint64_t entries;             /* of the maps */
	VEC(struct any_schema *) fields;
	struct addrmap field_of; /* hash of the key | 1 -> place in fields */
	struct any_schema *element;
	struct addrmap lengths; /* of slices: length + 1 -> how many */
	uint64_t now_bytes;     /* of boxes, headers, tables, arrays and keys of what is here */
	uint64_t data_bytes;    /* of what is the same in a struct: the bytes of strings, ... */

	/* By any_schema_finish(). */
	enum any_kind kind;
	uint64_t struct_bytes; /* of one struct */
};

struct any_schema *any_schema_create(const char *key);
void any_schema_destroy(struct any_schema *schema);
DEFINE_CLEANUP(any_schema)

/* The place of a key. `hash` tells keys apart; `key` is NULL when its bytes are not known. */
struct any_schema *any_schema_field(struct any_schema *schema, uint64_t hash, const char *key);

/* The place of the elements. */
struct any_schema *any_schema_element(struct any_schema *schema);

void any_schema_add_slice(struct any_schema *schema, uint64_t length);

/* Adds what is in one place to another, which takes it over. */
void any_schema_merge(struct any_schema *into, struct any_schema *from);

void any_schema_finish(struct any_schema *schema);

/* Is it missing in some of the maps above? */
bool any_schema_is_optional(const struct any_schema *field, const struct any_schema *above);

/* Is it a pointer to the value in the struct, because that may be missing or nil? */
bool any_schema_is_pointer(const struct any_schema *field, const struct any_schema *above);

/* Bytes of boxes, tables and keys of the place and all below it: now, and as the struct would have
 * it. Without data_bytes, which stay. */
uint64_t any_schema_now_bytes(const struct any_schema *schema);
uint64_t any_schema_struct_bytes(const struct layout *layout, const struct any_schema *schema);

/* All bytes of the place and below it, as it is now. */
uint64_t any_schema_all_bytes(const struct any_schema *schema);

/* The struct whose maps, tables and keys take most, of it and all below it; NULL: there is none. */
const struct any_schema *any_schema_largest_struct(const struct any_schema *schema);
