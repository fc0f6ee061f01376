/* Values of the target as text: the keys of maps, which name their entries. Nothing else of the
 * target's data is ever shown.
 */
#pragma once

#include "gotype.h"
#include "text.h"

enum { VALUE_TEXT_MAX = 48 }; /* characters of a string that are shown */

/* Appends the value of a type at an address, as Go would write it: "text", 42, {...}. Strings whose
 * bytes were not captured are read from the process as it is now, when `unchanged` (the memory that
 * leads to them, of `unchanged_length` bytes) still is as it was captured; else "..." stands for
 * them. */
void value_text_add(struct text *text, struct types *types, const struct go_type *type, addr_t at,
	addr_t unchanged, size_t unchanged_length);

/* The bytes of a string value at an address, NULL when it is longer than `limit` or its bytes
 * cannot be had; as for value_text_add(), they may be those of the process as it is now, when the
 * string itself (16 bytes) is unchanged there. */
char *value_text_string(struct types *types, addr_t at, size_t limit);
