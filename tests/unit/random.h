/* A small generator of numbers, so that a failure can be repeated from its seed. */
#pragma once

#include <stdint.h>

struct random {
	uint64_t state;
};

static inline struct random random_from(uint64_t seed)
{
	return (struct random){seed * 7919 + 1};
}

/* Knuth, MMIX. */
static inline uint32_t random_below(struct random *random, uint32_t limit)
{
	random->state = random->state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)((random->state >> 33) % limit);
}

static inline uint64_t random_word(struct random *random)
{
	uint64_t high = random_below(random, 1u << 31), low = random_below(random, 1u << 31);

	return high << 33 ^ low << 2 ^ random_below(random, 4);
}
