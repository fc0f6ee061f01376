/* Small allocations and cleanup attributes.
 *
 * The functions here never return NULL (see error.h). Declarations marked `_cleanup_(f)` are
 * cleaned up when they leave their scope; take_pointer() hands the value on and disarms the
 * cleanup.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

void *memory_alloc(size_t size);               /* zeroed */
void *memory_array(size_t count, size_t size); /* zeroed */
void *memory_resize(void *old, size_t count, size_t size);
char *memory_string(const char *text);
char *memory_string_n(const char *text, size_t length);
char *memory_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define _cleanup_(function) __attribute__((cleanup(function)))
#define _cleanup_free_      _cleanup_(cleanup_free)
#define _cleanup_close_     _cleanup_(cleanup_close)
#define _cleanup_file_      _cleanup_(cleanup_file)
#define take_pointer(variable)                                                                     \
	({                                                                                         \
		__typeof__(variable) taken_ = (variable);                                          \
		(variable) = NULL;                                                                 \
		taken_;                                                                            \
	})
#define take_fd(variable)                                                                          \
	({                                                                                         \
		int taken_ = (variable);                                                           \
		(variable) = -1;                                                                   \
		taken_;                                                                            \
	})

/* Defines `cleanup_NAME`, which destroys a `struct NAME *` variable through `NAME_destroy`. */
#define DEFINE_CLEANUP(name)                                                                       \
	static inline void cleanup_##name(struct name **variable)                                  \
	{                                                                                          \
		name##_destroy(*variable);                                                         \
	}

static inline void cleanup_free(void *variable)
{
	free(*(void **)variable);
}

static inline void cleanup_close(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

void cleanup_file(void *variable); /* a FILE ** */

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define MIN(a, b)         ((a) < (b) ? (a) : (b))
#define MAX(a, b)         ((a) > (b) ? (a) : (b))
