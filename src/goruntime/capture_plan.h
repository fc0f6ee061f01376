/* Which memory of a Go program an analysis needs: data and bss, the runtime's own structures, and
 * the spans whose objects hold pointers. Objects without pointers are left out: they are most of
 * the customer data, and nothing can be reached through them. Of their pages only the collector's
 * marks are taken (128 bytes each, since Go 1.26), and the channels that goroutines wait for.
 */
#pragma once

#include "capture.h"
#include "goruntime.h"

struct capture_wishes {
	const struct goruntime *runtime; /* located on the running process */
	bool executable; /* also what the file has: for analysis on another machine */
	bool contents;   /* also objects without pointers */
};

/* `wishes` must outlive the plan. */
struct capture_plan capture_plan_for(const struct capture_wishes *wishes);
