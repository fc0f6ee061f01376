/* What a frame holds: which of its words are pointers, and which variables in it have their address
 * taken (stack objects). Exactly the runtime's own maps.
 *
 * Source: Go, runtime/stkframe.go (getStackMap, argMapInternal), internal/abi/funcdata.go.
 */
#pragma once

#include "unwind.h"

enum { MAX_STACK_MAP_BITS = 1 << 20 };

/* Words from `start` on; bit i: word i is a pointer. `bits` is NULL when there are none. */
struct stack_bits {
	addr_t start;
	uint32_t count;
	const uint8_t *bits;
};

/* A variable that lives in the frame as long as something points to it. */
struct stack_object {
	addr_t start;
	uint32_t size;         /* bytes */
	int32_t pointer_bytes; /* negative: gcdata is a program (up to 1.23) */
	addr_t gcdata;
};

struct stack_map {
	struct stack_bits locals;
	struct stack_bits args;
	VEC(struct stack_object) objects;
};

/* False when the maps cannot be read: then the frame must be scanned conservatively. */
bool stack_map_of(
	const struct goruntime *runtime, const struct frame *frame, struct stack_map *ret);
void stack_map_deinit(struct stack_map *map);

/* Bytes of the frame's arguments. */
uint32_t stack_map_args_size(const struct goruntime *runtime, const struct frame *frame);

static inline bool stack_bits_has(const struct stack_bits *bits, uint32_t word)
{
	return bits->bits[word >> 3] >> (word & 7) & 1;
}

/* Calls `visit` for each word of a stack object that may hold a pointer, with its offset in bytes.
 * False: its mask cannot be read. */
bool stack_object_each(const struct goruntime *runtime, const struct stack_object *object,
	void (*visit)(void *context, uint64_t offset), void *context);
