#include "block_cache.h"

#include <errno.h>
#include <string.h>

#include "addrmap.h"
#include "memory.h"
#include "vec.h"

enum {
	BLOCK_SIZE = 16 << 10,        /* one chunk of runtime.fixalloc */
	DIRECT_SIZE = 4 * BLOCK_SIZE, /* longer reads go past the cache */
};

struct block {
	size_t valid;   /* bytes from the start that could be read */
	uint64_t round; /* in which they were */
	uint8_t *bytes;
};

struct block_cache {
	struct memory_source source;
	uint64_t round;       /* goes up when all is read anew */
	struct addrmap index; /* block address -> place in blocks */
	VEC(struct block) blocks;
};

struct block_cache *block_cache_create(const struct memory_source *source)
{
	struct block_cache *cache = memory_alloc(sizeof(*cache));

	cache->source = *source;
	return cache;
}

void block_cache_restart(struct block_cache *cache, const struct memory_source *source)
{
	cache->source = *source;
	cache->round++;
}

void block_cache_destroy(struct block_cache *cache)
{
	if (!cache)
		return;
	vec_foreach (block, &cache->blocks)
		free(block->bytes);
	vec_deinit(&cache->blocks);
	addrmap_deinit(&cache->index);
	free(cache);
}

static const struct block *get_block(struct block_cache *cache, addr_t address)
{
	uint32_t place = (uint32_t)cache->blocks.count;
	bool known = addrmap_get(&cache->index, address, &place);

	if (!known) {
		vec_push(&cache->blocks, {.bytes = memory_alloc(BLOCK_SIZE)});
		addrmap_set(&cache->index, address, place);
	}
	struct block *block = &cache->blocks.items[place];
	if (!known || block->round != cache->round) {
		block->valid =
			memory_source_read(&cache->source, address, block->bytes, BLOCK_SIZE);
		block->round = cache->round;
	}
	return block;
}

static struct error *read_directly(
	struct block_cache *cache, addr_t address, uint8_t *buffer, size_t length)
{
	size_t done = 0;

	while (done < length) {
		size_t got = memory_source_read(
			&cache->source, address + done, buffer + done, length - done);

		if (!got)
			return error_fault(address + done, length - done);
		done += got;
	}
	return NULL;
}

struct error *block_cache_read(
	struct block_cache *cache, addr_t address, void *buffer, size_t length)
{
	uint8_t *to = buffer;

	if (length > DIRECT_SIZE || address < BLOCK_SIZE)
		return read_directly(cache, address, to, length);
	while (length) {
		addr_t start = address & ~(addr_t)(BLOCK_SIZE - 1);
		size_t offset = (size_t)(address - start);
		size_t part = MIN(length, BLOCK_SIZE - offset);
		const struct block *block = get_block(cache, start);

		if (offset + part <= block->valid)
			memcpy(to, block->bytes + offset, part);
		else
			TRY(read_directly(cache, address, to, part));
		to += part;
		address += part;
		length -= part;
	}
	return NULL;
}
