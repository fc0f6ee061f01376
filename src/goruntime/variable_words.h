/* The memory of package variables, data and bss of all modules, with what the collector knows of
 * it: which words are pointers. The mask of a segment ends with its last pointer.
 *
 * Source: Go, runtime/symtab.go (moduledata.gcdatamask, gcbssmask).
 */
#pragma once

#include "goruntime.h"

enum { WORDS_BEHIND = 2 }; /* zeros that may be read behind the last word */

struct variable_words {
	addr_t start;
	const uint8_t *bytes;
	uint32_t masked;       /* words that the mask tells of */
	uint64_t unread_bytes; /* that are zeros here */
	const uint8_t *bits;   /* the mask, with zeros for words behind it */
};

typedef void variable_words_fn(void *context, const struct variable_words *words);

void variable_words_each(const struct goruntime *runtime, variable_words_fn *visit, void *context);

/* `word` may be up to WORDS_BEHIND behind the mask. */
static inline bool variable_words_pointer(const struct variable_words *words, uint32_t word)
{
	return words->bits[word >> 3] >> (word & 7) & 1;
}
