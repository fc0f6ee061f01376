/* Big tables: memory that comes from mmap, zeroed, and not there until it is touched.
 *
 * A table whose final size is not known is reserved for its upper bound and trimmed when it is
 * full.
 */
#pragma once

#include <stddef.h>

#include "error.h"

struct error *big_table_alloc(size_t count, size_t size, void *ret_pointer);

/* Gives back everything after `used` bytes of a table of `bytes` bytes. */
void big_table_trim(void *table, size_t bytes, size_t used);

/* `bytes` is what was allocated or what big_table_trim() left. NULL is allowed. */
void big_table_free(void *table, size_t bytes);
