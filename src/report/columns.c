#include "columns.h"

#include <stdbool.h>
#include <string.h>

#include "memory.h"

#define ELLIPSIS "..."

enum { NARROW = 24 }; /* a narrower column of text is not worth wrapping into */

size_t text_columns(const char *text)
{
	size_t columns = 0;

	for (; *text; text++)
		columns += ((unsigned char)*text & 0xc0) != 0x80;
	return columns;
}

/* Bytes of the first so many columns, of which there are at least so many. */
static size_t bytes_of_columns(const char *text, size_t columns)
{
	size_t at = 0;

	for (; columns; columns--) {
		do
			at++;
		while (((unsigned char)text[at] & 0xc0) == 0x80);
	}
	return at;
}

/* Words that are paths of packages lose all but the last element: "http.(*Server).Serve". */
static char *without_paths(const char *from)
{
	struct text text = {0};

	while (*from) {
		size_t length = strcspn(from, " "), path = 0;

		for (size_t i = 0; i < length && !strchr("(){}[],*", from[i]); i++)
			path = from[i] == '/' ? i + 1 : path;
		length += strspn(from + length, " ");
		text_add_bytes(&text, from + path, length - path);
		from += length;
	}
	return text_take(&text);
}

/* How many columns of the text say of what kind it is: "goroutine ", "never wake: ". */
static size_t leading_columns(const char *text)
{
	static const char goroutine[] = "goroutine ";
	const char *colon = strstr(text, ": ");

	if (!strncmp(text, goroutine, strlen(goroutine)))
		return strlen(goroutine);
	return colon ? (size_t)(colon + 2 - text) : 0;
}

void text_add_cut(struct text *text, const char *from, size_t columns)
{
	_cleanup_free_ char *shorter = text_columns(from) > columns ? without_paths(from) : NULL;

	from = shorter ? shorter : from;
	size_t there = text_columns(from);
	if (there <= columns) {
		text_add_bytes(text, from, strlen(from));
		return;
	}
	size_t kept = columns > strlen(ELLIPSIS) ? columns - strlen(ELLIPSIS) : 0;
	size_t begins = leading_columns(from);
	if (!begins || begins > kept / 2)
		begins = kept / 3;

	text_add_bytes(text, from, bytes_of_columns(from, begins));
	text_add(text, "%s%s", ELLIPSIS, from + bytes_of_columns(from, there - (kept - begins)));
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

static size_t longest_word(const char *text)
{
	size_t longest = 0;

	while (*text) {
		size_t length = strcspn(text, " ");

		longest = MAX(longest, length);
		text += length + strspn(text + length, " ");
	}
	return longest;
}

void text_add_wrapped(struct text *text, const char *from, size_t width, size_t indent)
{
	size_t own_indent = strspn(from, " ");
	size_t skip = own_indent, room = width > indent + own_indent + NARROW ? width - indent : 0;
	bool fits = !room || longest_word(from) + own_indent <= room;
	_cleanup_free_ char *shorter = fits ? NULL : without_paths(from);

	from = shorter ? shorter : from;

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
