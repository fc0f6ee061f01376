#include "columns.h"

#include <string.h>

enum { NARROW = 24 }; /* a narrower column of text is not worth wrapping into */

size_t text_columns(const char *text)
{
	size_t columns = 0;

	for (; *text; text++)
		columns += ((unsigned char)*text & 0xc0) != 0x80;
	return columns;
}

void text_add_cut(struct text *text, const char *from, size_t columns)
{
	size_t length = strlen(from), at = 0, shown = 0;

	if (text_columns(from) <= columns) {
		text_add_bytes(text, from, length);
		return;
	}
	while (at < length && shown + 3 < columns) {
		do
			at++;
		while (((unsigned char)from[at] & 0xc0) == 0x80);
		shown++;
	}
	text_add_bytes(text, from, at);
	text_add(text, "...");
}

/* Bytes of the longest beginning that fits and ends before a space, of which the first `skip` do
 * not count; 0: there is none. */
static size_t line_length(const char *text, size_t skip, size_t columns)
{
	size_t used = 0, length = 0;

	for (size_t i = 0; text[i] && used <= columns; i++) {
		if (text[i] == ' ' && i > skip)
			length = i;
		used += ((unsigned char)text[i] & 0xc0) != 0x80;
	}
	return length;
}

void text_add_wrapped(struct text *text, const char *from, size_t width, size_t indent)
{
	size_t own_indent = strspn(from, " ");
	size_t skip = own_indent, room = width > indent + own_indent + NARROW ? width - indent : 0;

	while (room && text_columns(from) > room) {
		size_t length = line_length(from, skip, room);

		if (!length)
			break;
		text_add_bytes(text, from, length);
		text_add(text, "\n%*s", (int)(indent + own_indent), "");
		from += length + 1;
		skip = 0;
		room = width - indent - own_indent;
	}
	text_add(text, "%s", from);
}
