/* Which top-level holders reach a node: sets of them, each kept once.
 *
 * A holder is one thing that the program's owner can name and let go: a package variable, all
 * goroutines with one stack. A set is a sorted list of holder numbers, known by its own number, so
 * that nodes held by the same holders have the same number. Sets with more than SET_MEMBERS_MAX
 * holders, and all sets that come when there are SETS_MAX already, are one: SET_MANY.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

enum {
	SET_EMPTY = 0, /* reached by nothing that is a holder */
	SET_MANY = 1,
	SET_MEMBERS_MAX = 256,
	SETS_MAX = 1 << 16, /* a set number fits in 16 bits */
};

typedef uint16_t set_t;

struct holder_sets;

struct holder_sets *holder_sets_create(void);
void holder_sets_destroy(struct holder_sets *sets);

/* The set of one holder. */
set_t holder_sets_single(struct holder_sets *sets, uint32_t holder);

set_t holder_sets_union(struct holder_sets *sets, set_t left, set_t right);

/* Members of a set; of SET_MANY none are known. Valid until the next set is made. */
const uint32_t *holder_sets_members(const struct holder_sets *sets, set_t set, uint32_t *ret_count);

/* Numbers of sets are below this. */
uint32_t holder_sets_count(const struct holder_sets *sets);

/* Is every member of `inner` in `outer`? SET_MANY is in no other set. */
bool holder_sets_within(const struct holder_sets *sets, set_t inner, set_t outer);
