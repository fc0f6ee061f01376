/* What a program has in memory although nothing uses it any more: free slots of spans with
 * pointers, stacks without a goroutine, and what lies below the stack pointers. The runtime does
 * not clear memory when it becomes free, so there are pages that held something else before, also
 * bytes without pointers, which are the customer's data.
 *
 * Nothing is reached through them. Functions with what they captured are kept where stacks still
 * lead to them: they tell who has a lock (stack_closures.h).
 */
#pragma once

#include "goruntime.h"

/* Takes them out of a core file that is open for writing. */
struct error *leftovers_erase(const struct goruntime *runtime);
