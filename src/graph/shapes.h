/* Guessing types by shape, for what nothing else says: which types of the program would fill a slot
 * of this size with pointers at these places, and does the content agree with one of them, and only
 * one?
 *
 * Every field is held against its bytes: a string must lead to memory that can be one and is long
 * enough, an interface must begin with its own itab, a channel must have the element type, a
 * pointer must lead to a slot of the right size. A type that disagrees anywhere is out; of those
 * that are left, the one that is best confirmed wins, if it wins clearly.
 */
#pragma once

#include "object_types.h"
#include "pointer_map.h"

struct shapes;

struct shapes *shapes_create(struct object_types *types, const struct heap *heap,
	const struct pointer_maps *maps, const otype_t *of);
void shapes_destroy(struct shapes *shapes);

/* An object whose type is asked for; `bytes`: its value, behind a header if there is one. */
struct shape_query {
	const struct span *span;
	uint32_t slot;
	const uint8_t *bytes;
	uint64_t length;
};

/* The struct type of an object, or NULL. */
const struct go_type *shapes_struct(struct shapes *shapes, const struct shape_query *query);

/* The struct type that the compiler made for a function value and what it has captured, or NULL:
 * struct { F uintptr; ... } (closure.go of the compiler). */
const struct go_type *shapes_closure(struct shapes *shapes, const struct shape_query *query);

/* The map type of an object that may be the header of a map, or NULL. */
const struct go_type *shapes_map(struct shapes *shapes, const struct shape_query *query);

/* The channel type of an object that is a channel: it knows its element type itself. NULL: it is
 * none. */
const struct go_type *shapes_chan(struct shapes *shapes, const struct shape_query *query);

/* How well bytes agree with a type of which they are a value: 0: nothing confirms it; SHAPE_WRONG:
 * they are no value of it. */
enum { SHAPE_WRONG = -1 };
int shapes_score(struct shapes *shapes, const struct go_type *type, const uint8_t *bytes);
