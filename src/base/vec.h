/* A growing array of any type: `VEC(int) numbers = {0};`. Items are moved when it grows. */
#pragma once

#include <stddef.h>

#include "memory.h"

#define VEC(type)                                                                                  \
	struct {                                                                                   \
		type *items;                                                                       \
		size_t count;                                                                      \
		size_t capacity;                                                                   \
	}

#define vec_reserve(vec, wanted)                                                                   \
	do {                                                                                       \
		size_t wanted_ = (wanted);                                                         \
		if (wanted_ > (vec)->capacity) {                                                   \
			size_t grown_ = MAX(wanted_, MAX((vec)->capacity * 2, (size_t)8));         \
			(vec)->items = memory_resize((vec)->items, grown_, sizeof(*(vec)->items)); \
			(vec)->capacity = grown_;                                                  \
		}                                                                                  \
	} while (0)

#define vec_push(vec, ...)                                                                         \
	do {                                                                                       \
		vec_reserve(vec, (vec)->count + 1);                                                \
		(vec)->items[(vec)->count++] = (__typeof__(*(vec)->items))__VA_ARGS__;             \
	} while (0)

#define vec_pop(vec) ((vec)->items[--(vec)->count])

#define vec_last(vec) (&(vec)->items[(vec)->count - 1])

#define vec_deinit(vec)                                                                            \
	do {                                                                                       \
		free((vec)->items);                                                                \
		(vec)->items = NULL;                                                               \
		(vec)->count = (vec)->capacity = 0;                                                \
	} while (0)

/* An empty array may have no items to point to. */
#define vec_foreach(item, vec)                                                                     \
	for (__typeof__((vec)->items + 0) item = (vec)->items;                                     \
		item && item < (vec)->items + (vec)->count; item++)
