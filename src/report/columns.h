/* Text in the columns of a terminal: one for each UTF-8 character. */
#pragma once

#include <stddef.h>

#include "text.h"

size_t text_columns(const char *text);

/* Appends text cut to so many columns. The paths of packages go first, but for their last element;
 * then something is left out, with an ellipsis: not of what leads ("goroutine ", "never wake: ")
 * where that is not most of it, and rather of the beginning of the rest, as names end with what
 * tells them apart. */
void text_add_cut(struct text *text, const char *from, size_t columns);

/* Appends text broken between words into lines of `width` columns (0: one line), the first of which
 * has `indent` columns already. Further lines are indented as the text itself begins. Where a word
 * is longer than a line, the paths of packages go. */
void text_add_wrapped(struct text *text, const char *from, size_t width, size_t indent);
