/* How long until the process has used up the memory that it may have, at the rate at which its live
 * heap has grown. */
#pragma once

#include "growth.h"
#include "memory_account.h"
#include "view.h"

/* Adds `limits` to the document and a line for each limit that there is: the one of the cgroup,
 * which resident memory must not exceed, and GOMEMLIMIT, which live memory must not come near. */
void time_to_limit_add(
	struct view *view, const struct growth *growth, const struct memory_account *memory);
