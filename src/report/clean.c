#include "clean.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "memory.h"

/* The length of the UTF-8 character at a place, or 0 when there is none (RFC 3629). */
static size_t character_length(const unsigned char *at)
{
	size_t length = at[0] < 0x80                    ? 1
			: at[0] >= 0xc2 && at[0] < 0xe0 ? 2
			: at[0] >= 0xe0 && at[0] < 0xf0 ? 3
			: at[0] >= 0xf0 && at[0] < 0xf5 ? 4
							: 0;

	for (size_t i = 1; i < length; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	}
	/* Overlong forms and surrogates. */
	if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] >= 0xa0) ||
		(at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] >= 0x90))
		return 0;
	return length;
}

static char *clean(char *text, const char *kept)
{
	unsigned char *at = (unsigned char *)text;

	while (*at) {
		size_t length = character_length(at);
		bool control = (*at < ' ' && !strchr(kept, *at)) || *at == 0x7f ||
			       (*at == 0xc2 && at[1] < 0xa0 && length == 2);

		if (!length || control) {
			*at++ = '?';
			if (control && length == 2)
				*at++ = '?';
			continue;
		}
		at += length;
	}
	return text;
}

char *clean_text(char *text)
{
	return clean(text, "");
}

char *clean_source(char *source)
{
	return clean(source, "\t\n");
}

json_t *clean_json(const char *text)
{
	_cleanup_free_ char *copy = clean_text(memory_string(text));

	return json_string_nocheck(copy);
}
