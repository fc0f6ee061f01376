/* What an object is: the table of object types, and how each of them is recognised and scanned.
 *
 * An object type is a Go type in a role: a value of it, the array behind a slice of it, a part of a
 * map of it. Object types are numbered; NO_TYPE is "not known".
 */
#pragma once

#include "dwarf_types.h"
#include "gotype.h"
#include "heap.h"

typedef uint16_t otype_t;

enum { NO_TYPE = 0, STRING_TYPE = 1, MAX_OBJECT_TYPES = 1 << 16 };

enum object_role {
	ROLE_UNKNOWN,
	ROLE_VALUE,         /* one value of the type */
	ROLE_ARRAY,         /* values of the type, one behind the other */
	ROLE_STRING,        /* the bytes of strings */
	ROLE_MAP,           /* the header of a map of the type */
	ROLE_MAP_GROUPS,    /* groups or buckets of a map of the type */
	ROLE_MAP_TABLE,     /* the header of one of its tables, or what else belongs to it */
	ROLE_MAP_DIRECTORY, /* pointers to its tables */
	ROLE_CHAN,          /* a channel of the type, with its buffer if that has no pointers */
	ROLE_CHAN_BUFFER,   /* the buffer of a channel of the type */
	ROLE_CLOSURE,       /* a function value; `function`: its entry */
};

/* What to do with a word (or two, or three) of an object. */
enum scan_action {
	SCAN_POINTER, /* to a value of `target` */
	SCAN_SLICE,   /* its array is `target` */
	SCAN_STRING,
	SCAN_INTERFACE, /* type or itab, data */
	SCAN_MAP,
	SCAN_CHAN,
	SCAN_FUNC,
	SCAN_REPEAT,    /* `count` values of `plan`, `stride` apart */
	SCAN_WORD,      /* a uintptr: nothing to scan, but perhaps an address (value_walk.h) */
	SCAN_TRIE_NODE, /* a node of internal/sync.HashTrieMap: an entry or another level */
};

struct scan_plan;

/* Types are looked up when a plan first meets a pointer to them, so that a program with thousands
 * of types costs only those that are in its heap. */
struct scan_step {
	enum scan_action action;
	enum object_role role;      /* of the target */
	uint32_t offset;            /* bytes */
	otype_t target;             /* NO_TYPE: not looked up yet, or unknown */
	const struct go_type *type; /* of the target */
	struct scan_plan *plan;     /* SCAN_REPEAT */
	uint32_t count, stride;     /* SCAN_REPEAT */
};

struct scan_plan {
	uint32_t count;
	struct scan_step *steps;
};

struct object_type {
	enum object_role role;
	const struct go_type *type; /* NULL for closures and strings */
	addr_t function;            /* of closures: entry */
	const struct go_type
		*captures; /* of closures: the struct that they are, when it was guessed */
	char *name;        /* as it is shown */
	struct scan_plan
		*plan;      /* of a value, an element, a group; NULL: not made yet, or nothing */
	uint64_t unit;      /* bytes of a value or element; 0: any */
	uint64_t slot_size; /* bytes of the slot that one value gets */
	uint64_t mask;      /* pointers of a value, its first 64 words */
	bool pointers;      /* a value has pointers */
	bool grows; /* its last field goes on behind its end, in memory that is not scanned */
};

struct object_types {
	struct types *types;
	const struct debuginfo *debuginfo; /* may be NULL */
	VEC(struct object_type) list;
	VEC(struct scan_plan *) plans; /* by number of the Go type; NULL: not made yet */
	VEC(struct scan_plan *) closure_plans;
	struct addrmap by_key[ROLE_CLOSURE + 1]; /* type_ref, or function entry -> number */
	bool full; /* more types than there are numbers: the rest stays unknown */
};

void object_types_init(
	struct object_types *types, struct types *go_types, const struct debuginfo *debuginfo);
void object_types_deinit(struct object_types *types);

/* The number of a Go type in a role. NO_TYPE when there is nothing to be known (a nil type, a type
 * of size 0, or too many types). */
otype_t object_type_of(
	struct object_types *types, enum object_role role, const struct go_type *type);

/* The number of the closures of the function at `entry`; `name`: of the function. */
otype_t object_type_of_closure(struct object_types *types, addr_t entry, const char *name);

/* How to scan one unit of an object of a type; NULL: there is nothing to scan. */
struct scan_plan *object_type_plan(struct object_types *types, otype_t number);

/* The target of a step, looked up now if it was not yet. */
static inline otype_t scan_step_target(struct object_types *types, struct scan_step *step)
{
	if (step->target == NO_TYPE && step->type)
		step->target = object_type_of(types, step->role, step->type);
	return step->target;
}

/* The plan for a value of a type; never NULL. */
struct scan_plan *scan_plan_of(struct object_types *types, const struct go_type *type);

static inline const struct object_type *object_type_at(
	const struct object_types *types, otype_t number)
{
	return &types->list.items[number];
}

/* A level of a sync.Map's trie (internal/sync/hashtriemap.go since 1.24), or an entry in it. */
bool object_type_is_trie_level(const struct object_type *type);
bool object_type_is_trie_entry(const struct object_type *type);

/* Something inside of a map or a sync.Map, of which a reader need not know: the map and the key say
 * it. */
bool object_type_is_inner(const struct object_type *type);
