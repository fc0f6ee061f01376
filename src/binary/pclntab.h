/* The function table of a Go program: pc to function, frame size, line, and per-pc data.
 *
 * It is in every Go program, stripped or not, because the garbage collector and tracebacks need it.
 * The tables are offsets into each other; their addresses come from moduledata.
 * Sources: Go, runtime/symtab.go (pcHeader, funcInfo, pcvalue), runtime/symtabinl.go (inline tree),
 * internal/abi/symtab.go (numbers of pcdata, funcdata, flags).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "error.h"

/* The first four bytes of pcHeader. */
enum {
	PCLNTAB_MAGIC_118 = 0xfffffff0u, /* Go 1.18 and 1.19: _func has 40 bytes */
	PCLNTAB_MAGIC_120 = 0xfffffff1u, /* Go 1.20 and later: 44, with startLine */
};

enum {
	PCDATA_STACK_MAP_INDEX = 1,
	PCDATA_INLINE_TREE_INDEX = 2,
	FUNCDATA_ARGS_POINTER_MAPS = 0,
	FUNCDATA_LOCALS_POINTER_MAPS = 1,
	FUNCDATA_STACK_OBJECTS = 2,
	FUNCDATA_INLINE_TREE = 3,
	FUNCTION_FLAG_TOP_FRAME = 1,
	FUNCTION_FLAG_SP_WRITE = 2,
	FUNCTION_FLAG_ASSEMBLY = 4,
};

/* args of functions whose arguments are described at run time (reflect.makeFuncStub). */
enum { FUNCTION_ARGS_UNKNOWN = INT32_MIN };

struct blob {
	const uint8_t *bytes;
	size_t length;
};

struct pclntab {
	uint32_t magic;
	uint8_t min_instruction; /* bytes; the unit of pc deltas */
	uint32_t function_count;
	addr_t text; /* functab offsets count from here */
	addr_t text_end;
	addr_t gofunc;         /* funcdata offsets count from here */
	struct blob names;     /* funcnametab */
	struct blob units;     /* cutab */
	struct blob files;     /* filetab */
	struct blob pcvalues;  /* pctab */
	struct blob functions; /* pclntable: functab, then _func records */
};

struct function {
	addr_t entry;
	addr_t end;
	uint32_t record;      /* offset of the _func in `functions` */
	const char *name;     /* NUL-terminated, inside the table */
	int32_t args;         /* bytes of arguments */
	uint32_t deferreturn; /* offset from entry, 0: none */
	uint32_t pcsp, pcfile, pcln, pcdata_count, unit;
	uint8_t id, flags, funcdata_count;
};

/* Is the functab sorted and are the offsets inside? For the self-checks. */
struct error *pclntab_check(const struct pclntab *table);

bool pclntab_find(const struct pclntab *table, addr_t pc, struct function *ret);

/* By number, 0 to function_count - 1, in address order. */
bool pclntab_function(const struct pclntab *table, uint32_t number, struct function *ret);

/* By exact name. Where several share it (ABI wrappers), the longest. */
bool pclntab_find_name(const struct pclntab *table, const char *name, struct function *ret);

/* The delta of the stack pointer at pc, in bytes; false when the table does not cover it. */
bool pclntab_stack_delta(
	const struct pclntab *table, const struct function *function, addr_t pc, int32_t *ret);

/* -1 when there is no such table or value (as in the runtime). */
int32_t pclntab_pcdata(
	const struct pclntab *table, const struct function *function, unsigned which, addr_t pc);

/* The address of the data in the target, 0 when there is none. */
addr_t pclntab_funcdata(
	const struct pclntab *table, const struct function *function, unsigned which);

/* File and line of a pc. False when they are not recorded. */
bool pclntab_line(const struct pclntab *table, const struct function *function, addr_t pc,
	const char **ret_file, int *ret_line);

/* The name at an offset of funcnametab, or NULL. */
const char *pclntab_name(const struct pclntab *table, uint32_t offset);
