/* Dense sets of bits in 64-bit words. The caller owns the words. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BITSET_WORDS(bits) (((size_t)(bits) + 63) / 64)

static inline bool bitset_has(const uint64_t *words, uint64_t bit)
{
	return words[bit >> 6] >> (bit & 63) & 1;
}

static inline void bitset_add(uint64_t *words, uint64_t bit)
{
	words[bit >> 6] |= (uint64_t)1 << (bit & 63);
}

static inline void bitset_remove(uint64_t *words, uint64_t bit)
{
	words[bit >> 6] &= ~((uint64_t)1 << (bit & 63));
}

/* The bits [0, count) of one word. count may be 0 to 64. */
static inline uint64_t bits_below(unsigned count)
{
	return count >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << count) - 1;
}

static inline uint64_t bitset_count(const uint64_t *words, size_t bits)
{
	uint64_t count = 0;

	for (size_t i = 0; i < BITSET_WORDS(bits); i++)
		count += (uint64_t)__builtin_popcountll(words[i]);
	return count;
}
