/* What DWARF adds when a program has it: names and types of package variables, locals and closures.
 *
 * Go's compiler writes DWARF 4 (up to 1.24) or 5, with attributes of its own: the kind of a type,
 * its element and key, the runtime descriptor of a type, the place of a captured variable in a
 * closure. Source: Go, cmd/internal/dwarf/dwarf.go (DW_AT_go_*), cmd/link/internal/ld/dwarf.go.
 *
 * debuginfo_open() reads variables and the list of functions; types and locals are read when they
 * are asked for, by any thread: libdw is not safe for threads, so they take turns.
 */
#pragma once

#include <elfutils/libdw.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "error.h"
#include "executable.h"

/* A type, by the offset of its entry in .debug_info; 0 is none. */
typedef uint64_t die_t;

struct variable {
	addr_t address;
	uint64_t size;    /* bytes; 0 when it is not known */
	const char *name; /* with the path of its package: "net/http.DefaultClient" */
	die_t type;
	bool pointee; /* not the variable, but what it points to: static_values.h */
};

struct function_die {
	addr_t entry;
	die_t die;
};

/* A struct of the Go runtime or of package abi, whose names no other package can have. */
struct runtime_struct {
	const char *name; /* "runtime.mspan" */
	die_t die;
};

struct debuginfo {
	const struct executable *executable;
	Dwarf *dwarf;
	pthread_mutex_t *lock;              /* of dwarf */
	VEC(struct variable) variables;     /* sorted by address */
	VEC(struct function_die) functions; /* sorted by entry */
	VEC(struct runtime_struct) structs; /* in no order */
	VEC(char *) names;                  /* of variables, that are not DWARF's */
};

/* A program without DWARF gives one that is empty. Sections that libdw cannot read (compressed with
 * zstd, say) are an error that says so; the caller can go on without. */
struct error *debuginfo_open(const struct executable *executable, struct debuginfo **ret);
void debuginfo_destroy(struct debuginfo *debuginfo);
DEFINE_CLEANUP(debuginfo)

/* The variable that covers an address, or NULL. */
const struct variable *debuginfo_variable(const struct debuginfo *debuginfo, addr_t address);

/* Adds variables that DWARF does not list. */
void debuginfo_add_variables(
	struct debuginfo *debuginfo, const struct variable *variables, size_t count);

/* A copy of a name that lives as long as debuginfo. */
const char *debuginfo_keep_name(struct debuginfo *debuginfo, const char *name);

/* A struct of the runtime by its name; 0: not there. */
die_t debuginfo_runtime_struct(const struct debuginfo *debuginfo, const char *name);

struct die_field {
	const char *name;
	die_t type;
	uint64_t offset;
	bool embedded;
};

struct die_type {
	const char *name;
	uint64_t size; /* bytes */
	uint8_t kind;  /* abi.Kind; 0 for what is no Go type */
	uint64_t
		runtime_type; /* offset of the descriptor from moduledata.types; 0: there is none */
	die_t elem;           /* of arrays, channels, maps, pointers, slices */
	die_t key;            /* of maps */
	uint64_t length;      /* of arrays */
	VEC(struct die_field) fields;
};

bool debuginfo_type(const struct debuginfo *debuginfo, die_t die, struct die_type *ret);
void die_type_deinit(struct die_type *type);

/* A variable or parameter that lives in the frame at `pc`, or a part of one: the compiler keeps the
 * words of a slice or struct apart, each in the frame, in a register or nowhere. */
struct local {
	const char *name;
	int64_t offset; /* from the canonical frame address: the frame's fp on amd64 */
	uint64_t from;  /* the part that is there begins so many bytes into the variable */
	uint64_t bytes; /* of the part; LOCAL_WHOLE: all that the type has */
	die_t type;
	bool parameter;
};

#define LOCAL_WHOLE UINT64_MAX

typedef void local_fn(void *context, const struct local *local);

/* Variables of the function that begins at `entry`, and of those inlined into it, that are on the
 * stack at `pc`; one in several parts is told part by part. */
void debuginfo_locals(
	const struct debuginfo *debuginfo, addr_t entry, addr_t pc, local_fn *visit, void *context);

/* A variable that a function literal may have captured, in the order of the closure. */
struct capture_field {
	const char *name; /* "&name" when it is captured by reference */
	uint64_t offset; /* in the closure, whose first word is the function; 0: not recorded (up to
			    Go 1.22), and perhaps not captured at all */
	die_t type;
};

typedef void capture_fn(void *context, const struct capture_field *field);

/* Variables of the function that begins at `entry`: those with an offset are what its closure
 * holds; where none has one, the captured ones are the first of those that are visited. */
void debuginfo_captures(
	const struct debuginfo *debuginfo, addr_t entry, capture_fn *visit, void *context);
