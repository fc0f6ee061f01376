/* What has grown, as tables: holders, types, goroutines. */
#pragma once

#include "growth.h"
#include "naming.h"
#include "view.h"

struct growth_view {
	struct view *view;
	const struct growth *growth;
	struct naming *naming;
	size_t limit; /* rows; 0: all */
};

/* Each adds its rows to the document (all, with what has shrunk), and a table of what has grown. */
void growth_tables_add_holders(const struct growth_view *view);
void growth_tables_add_types(const struct growth_view *view);
void growth_tables_add_goroutines(const struct growth_view *view);

/* {objects, bytes, survivors, bytes_per_minute}; of the time null when it is not known. */
json_t *growth_json(const struct growth *growth, const struct growth_sum *sum);
