/* A schema of map[string]any as Go source: the struct types that decode the same JSON, formatted as
 * gofmt does.
 */
#pragma once

#include "any_schema.h"
#include "text.h"

/* Appends the type of the root under a name, and those of all places below it. */
void schema_source_add(struct text *text, const struct any_schema *schema, const char *name);

/* Appends text as an exported Go name: "in_stock" is InStock, "id" is ID. */
void schema_source_add_name(struct text *text, const char *from);
