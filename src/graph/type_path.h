/* Where in a value a word is: ".Items[3].Name". */
#pragma once

#include "gotype.h"
#include "text.h"

/* Appends the path of the word at an offset in a value of a type. */
void type_path_add(
	struct text *text, struct types *types, const struct go_type *type, uint64_t offset);
