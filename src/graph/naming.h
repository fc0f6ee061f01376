/* Names for what is in the graph: holders, nodes, and the references between them.
 *
 * Every function returns text that is the caller's to free(), never NULL.
 */
#pragma once

#include "analysis.h"
#include "text.h"

struct naming;

/* Finds names for variables that have none (see code_refs.h), so it takes a moment on stripped
 * programs. */
struct naming *naming_create(const struct analysis *analysis);
void naming_destroy(struct naming *naming);
DEFINE_CLEANUP(naming)

/* "main.sessions", "goroutine main.worker x200", "bss+0x1f40 (used by main.load)", "finalizers". */
char *naming_holder(struct naming *naming, uint32_t holder);

/* What the holder is: the type of a variable, what goroutines wait for. */
char *naming_holder_type(struct naming *naming, uint32_t holder);

/* Is there a name for it that tells a reader where to look? */
bool naming_holder_known(const struct naming *naming, uint32_t holder);

/* A variable by its place in objects->variables. */
char *naming_variable(struct naming *naming, uint32_t variable);

/* "main.Session", "goroutine 17", "frame main.worker", "main.sessions". */
char *naming_node(struct naming *naming, node_t node);

/* The type of what is behind a node: of an object, of a variable; "" for others. */
char *naming_node_type(struct naming *naming, node_t node);

/* How `from` refers to `to`: ".Data", "[3]", "[\"key\"]", "buf"; "" when it cannot be told. When
 * `from` is a part of a map and `to` the value of an entry, that entry's key. */
char *naming_reference(struct naming *naming, node_t from, node_t to);

/* Where the frame stands that says most about a group (stacks_top): "main.worker", and file
 * and line "task.go:41" ("" when not recorded). */
char *naming_function_of_group(const struct goroutine_group *group);
char *naming_line(const struct group_frame *frame);
