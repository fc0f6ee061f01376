/* The goroutines of a program with their stacks, grouped: those that stand at the same places in
 * the same functions are one group.
 */
#pragma once

#include "goroutine.h"
#include "standard_library.h"
#include "unwind.h"

/* A frame as it is the same in every goroutine of a group. */
struct group_frame {
	const struct module *module;
	struct function function;
	addr_t pc;
	addr_t line_pc; /* to look up the line of the call, in the function itself */
};

struct goroutine_group {
	uint64_t hash;
	uint32_t first; /* place of one goroutine in goroutines */
	uint32_t count;
	bool complete;                  /* the stacks were unwound to their ends */
	VEC(struct group_frame) frames; /* innermost first */
	struct group_frame top;         /* stacks_top */
};

struct stacks {
	const struct goruntime *runtime;
	struct standard_library library;
	struct goroutines goroutines;
	uint32_t *group_of; /* by place of the goroutine */
	VEC(struct goroutine_group) groups;
	uint32_t incomplete; /* goroutines whose stack could not be unwound */
};

/* Called for each goroutine once its stack is known; the goroutines are in `ret` by then. */
typedef void stack_fn(void *context, uint32_t goroutine, const struct frames *frames);

struct error *stacks_load(
	const struct goruntime *runtime, stack_fn *visit, void *context, struct stacks *ret);
void stacks_deinit(struct stacks *stacks);

/* The call that says most about what the goroutines of a group do: the innermost that is not of the
 * standard library, put in line or not; where all are, the function of the go statement. NULL when
 * there are no frames. */
const struct group_frame *stacks_top(const struct goroutine_group *group);

/* Is it a goroutine that the runtime made for itself (its function is in package runtime)? */
bool stacks_is_system(const struct goroutine_group *group);
