/* Which words of a type tell its objects apart for as long as they live.
 *
 * An object changes while it lives (a counter, a time of last use), but most have words that never
 * do: a number of their own, a key. Over all candidates of a type (the same slot, alive in both
 * snapshots) such a word differs from object to object, and in hardly any of them has it changed.
 * Pointers do not count: memory that is freed and taken again in the same order has them all again.
 * Where a type has no such word, only objects that have not changed at all are the same.
 */
#pragma once

#include "baseline.h"
#include "same_words.h"

struct word_identity;

/* Looks at a sample of the candidates (bits of slots of the later heap). */
struct word_identity *word_identity_learn(
	const struct baseline *before, const struct analysis *after, const uint64_t *candidates);
void word_identity_destroy(struct word_identity *identity);

/* Do the words say that it is the same object? `type`: of the later snapshot. Thread-safe. */
bool word_identity_agrees(
	const struct word_identity *identity, otype_t type, const struct word_pair *pair);
