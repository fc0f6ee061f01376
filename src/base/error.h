/* What went wrong, as data.
 *
 * Every function that can fail returns a `struct error *`: NULL is success, anything else belongs
 * to the caller, who passes it on, adds what it was doing (error_context) or destroys it. Results
 * come through trailing `ret` parameters and are written only on success. Libraries never print;
 * the command line prints the one line that is left in the end.
 *
 * Small allocations do not fail here: memory_out() ends the process with one line. Tables whose
 * size is decided by the target do fail, as errors (see table.h).
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

enum error_code {
	ERROR_SYSTEM,      /* a system call failed; sys_errno says why */
	ERROR_PERMISSION,  /* the kernel does not let us; the message says what would help */
	ERROR_GONE,        /* the target ended while it was being read */
	ERROR_BUSY,        /* not possible at this moment; it may be at another */
	ERROR_NOT_GO,      /* the target is not a Go program */
	ERROR_UNSUPPORTED, /* a Go program of a kind that silt does not know */
	ERROR_FORMAT,      /* bytes of a file do not say what they must */
	ERROR_FAULT,       /* an address of the target that is not mapped or was not captured */
	ERROR_LAYOUT,      /* a runtime structure is not laid out as its version says */
	ERROR_LIMIT,       /* more of something than a named limit allows */
	ERROR_USAGE,       /* the question makes no sense */
};

struct error {
	enum error_code code;
	int sys_errno;    /* ERROR_SYSTEM and ERROR_PERMISSION, else 0 */
	uint64_t address; /* ERROR_FAULT: the first address that could not be read */
	char *message;    /* one line, no full stop, no newline */
};

struct error *error_create(enum error_code code, const char *format, ...)
	__attribute__((format(printf, 2, 3), warn_unused_result, returns_nonnull));

/* "what: strerror", with the errno of the moment of the call. */
struct error *error_system(const char *format, ...)
	__attribute__((format(printf, 1, 2), warn_unused_result, returns_nonnull));

struct error *error_fault(uint64_t address, uint64_t length)
	__attribute__((warn_unused_result, returns_nonnull));

/* Puts "what: " before the message. NULL stays NULL. */
struct error *error_context(struct error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3), warn_unused_result));

/* NULL is allowed. */
void error_destroy(struct error *error);

_Noreturn void memory_out(void);

/* Returns from the calling function when the expression is an error. */
#define TRY(expression)                                                                            \
	do {                                                                                       \
		struct error *try_error_ = (expression);                                           \
		if (try_error_)                                                                    \
			return try_error_;                                                         \
	} while (0)
