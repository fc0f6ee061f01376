/* Go types as the program carries them: the descriptors that reflection and the collector use.
 *
 * A type is known by its type_ref: the address of its descriptor (abi.Type) in the target, or, for
 * types that only DWARF knows, a number with the highest bit set (types_add()). Descriptors are
 * read when they are asked for, checked, and kept. What is not a type gives NULL, always: any word
 * of the target may be asked for.
 *
 * Any thread may ask. What was asked for once is found again without a lock.
 * Sources: Go, internal/abi/type.go (layout unchanged from 1.19 to 1.27), runtime/type.go.
 */
#pragma once

#include <pthread.h>

#include "addrmap.h"
#include "goruntime.h"
#include "shared_map.h"

typedef uint64_t type_ref;

#define TYPE_FROM_DWARF ((type_ref)1 << 63)

/* abi.Kind */
enum go_kind {
	KIND_INVALID,
	KIND_BOOL,
	KIND_INT,
	KIND_INT8,
	KIND_INT16,
	KIND_INT32,
	KIND_INT64,
	KIND_UINT,
	KIND_UINT8,
	KIND_UINT16,
	KIND_UINT32,
	KIND_UINT64,
	KIND_UINTPTR,
	KIND_FLOAT32,
	KIND_FLOAT64,
	KIND_COMPLEX64,
	KIND_COMPLEX128,
	KIND_ARRAY,
	KIND_CHAN,
	KIND_FUNC,
	KIND_INTERFACE,
	KIND_MAP,
	KIND_POINTER,
	KIND_SLICE,
	KIND_STRING,
	KIND_STRUCT,
	KIND_UNSAFE_POINTER,
	KIND_COUNT,
};

struct go_field {
	const char *name;
	type_ref type;
	uint64_t offset; /* bytes */
	bool embedded;
};

enum { GROUP_SLOTS = 8 }; /* of a group or bucket: internal/abi/map_*.go */

/* How a map of a type lays out its keys and elements, for both generations of maps. */
struct go_map_shape {
	type_ref group;      /* the type of a bucket or group; 0 when unknown */
	uint64_t group_size; /* bytes of a bucket or group */
	uint64_t key_at;     /* of slot 0, from the start of a group */
	uint64_t key_stride;
	uint64_t elem_at;
	uint64_t elem_stride;
	bool key_indirect; /* the slot holds a pointer to the key */
	bool elem_indirect;
};

struct go_type {
	type_ref ref;
	uint32_t number;        /* place in types.list */
	const char *name;       /* as fmt's %T prints it */
	uint64_t size;          /* bytes */
	uint64_t pointer_bytes; /* the prefix that may hold pointers */
	enum go_kind kind;
	uint8_t tflag;
	bool named;
	bool direct; /* an interface holds the value itself, not a pointer to it */
	addr_t gcdata;
	type_ref elem;           /* of arrays, channels, maps, pointers, slices */
	type_ref key;            /* of maps */
	uint64_t length;         /* of arrays */
	struct go_field *fields; /* of structs */
	uint32_t field_count;
	uint32_t method_count; /* of interfaces */
	struct go_map_shape map;
};

/* An interface without methods, which begins with a type (runtime2.go, eface); one with methods
 * begins with an itab. */
static inline bool go_type_is_eface(const struct go_type *type)
{
	return type->kind == KIND_INTERFACE && !type->method_count;
}

enum {
	TFLAG_EXTRA_STAR = 1 << 1,
	TFLAG_NAMED = 1 << 2,
	TFLAG_MASK_ON_DEMAND = 1 << 4, /* 1.24 and later; 1.22, 1.23: TFlagUnrolledBitmap */
	TFLAG_DIRECT = 1 << 5,         /* 1.26 and later */
	KIND_BITS = 0x1f,
	KIND_BIT_DIRECT = 0x20, /* up to 1.25 */
};

struct types {
	const struct goruntime *runtime;
	struct shared_map answers; /* type_ref -> its type, or NULL: what may be told */
	pthread_mutex_t lock;      /* of all that follows, and for adding to `answers`; recursive */
	unsigned depth;            /* of types that are being read, one for the sake of another */
	struct addrmap index;      /* type_ref -> place in list, or NOT_A_TYPE */
	VEC(struct go_type *) list;
	/* Answers for refs with the highest bit, once each; NULL: nobody does. */
	const struct go_type *(*resolve)(struct types *types, void *context, type_ref ref);
	void *resolve_context;
};

void types_init(struct types *types, const struct goruntime *runtime);
void types_deinit(struct types *types);

/* NULL when there is no type. */
const struct go_type *types_at(struct types *types, type_ref ref);

/* Takes over a type that does not come from a descriptor. Name and fields must be malloc()ed. */
void types_add(struct types *types, type_ref ref, struct go_type *type);

/* Another ref for a type that is known. */
void types_alias(struct types *types, type_ref ref, const struct go_type *type);

/* The type whose name is `name` and that is no pointer, by a scan of the descriptors; NULL: none.
 */
const struct go_type *types_find(struct types *types, const char *name);

/* Calls `visit` for every descriptor in the program's type section until it returns true. */
bool types_each(struct types *types, bool (*visit)(const struct go_type *type, void *context),
	void *context);

/* The type of the value of an interface, from the word in front of its data: a type (eface) or an
 * itab (iface). NULL when the word is neither. */
const struct go_type *types_of_interface(struct types *types, addr_t word);

/* Is the address inside the type section of a module? The quick test before types_at(). */
bool types_in_section(const struct types *types, addr_t address);
