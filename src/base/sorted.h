/* Searching in sorted arrays. */
#pragma once

#include <stddef.h>

/* How many items the array begins with for which a condition holds, by bisection: after the first
 * for which it does not, it holds for none. `item` is the name of a pointer in the condition:
 * sorted_prefix(list.items, list.count, item, item->address <= address). */
#define sorted_prefix(items, count, item, condition)                                               \
	({                                                                                         \
		size_t low_ = 0, high_ = (count);                                                  \
                                                                                                   \
		while (low_ < high_) {                                                             \
			size_t middle_ = low_ + (high_ - low_) / 2;                                \
			const __typeof__(*(items)) *item = (items) + middle_;                      \
                                                                                                   \
			if (condition)                                                             \
				low_ = middle_ + 1;                                                \
			else                                                                       \
				high_ = middle_;                                                   \
		}                                                                                  \
		low_;                                                                              \
	})
