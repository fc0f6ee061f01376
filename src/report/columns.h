/* Text in the columns of a terminal: one for each UTF-8 character. */
#pragma once

#include <stddef.h>

#include "text.h"

size_t text_columns(const char *text);

/* Appends text cut to so many columns, with an ellipsis where something is left out. More is kept
 * of the end: names begin with the path of their package, and end with what tells them apart. */
void text_add_cut(struct text *text, const char *from, size_t columns);

/* Appends text broken between words into lines of `width` columns (0: one line), the first of which
 * has `indent` columns already. Further lines are indented as the text itself begins. */
void text_add_wrapped(struct text *text, const char *from, size_t width, size_t indent);
