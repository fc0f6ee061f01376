/* silt diff: two or more snapshots of one process, files or taken now. */
#pragma once

#include "command.h"

struct error *diff_view(const struct invocation *invocation, struct view **ret);
