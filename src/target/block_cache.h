/* Reads of a live process, in blocks that are kept.
 *
 * The runtime's own structures lie close together, so a block that was fetched for one of them
 * holds the next hundred. What was read once is not read again, until the cache is restarted.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "address.h"
#include "error.h"
#include "memory_source.h"

struct block_cache;

struct block_cache *block_cache_create(const struct memory_source *source);
/* Reads everything anew, into the memory that is there already: that of a target which stands still
 * is waited for. */
void block_cache_restart(struct block_cache *cache, const struct memory_source *source);
void block_cache_destroy(struct block_cache *cache);

struct error *block_cache_read(
	struct block_cache *cache, addr_t address, void *buffer, size_t length);
