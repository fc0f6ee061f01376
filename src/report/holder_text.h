/* Holders as text: names, sets of them, what is in a holding. Text is the caller's to free(). */
#pragma once

#include <jansson.h>

#include "holdings.h"
#include "naming.h"

/* "main.sessions, main.lru and 3 more": the members of a holding from `first` on, at most `shown`.
 */
char *holder_text_members(
	struct naming *naming, const struct holding *holding, size_t first, size_t shown);

/* "main.sessions", "main.sessions and 2 more", "many holders" */
char *holder_text_set(struct naming *naming, const struct holding *holding);

/* "main.sessions, main.lru and 2 more": the first `shown` holders of a set. */
char *holder_text_names(
	struct naming *naming, const struct analysis *analysis, set_t set, uint32_t shown);

/* The same for the holders of one node. */
char *holder_text_of_node(struct naming *naming, const struct analysis *analysis, node_t node);

/* "map[string]*main.Session > main.Session x440,000"; "" when there is nothing to say. */
char *holder_text_contents(
	struct naming *naming, const struct analysis *analysis, const struct holding *holding);

/* [{type, count, bytes}] */
json_t *holder_json_contents(const struct analysis *analysis, const struct holding *holding);
