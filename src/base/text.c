#include "text.h"

#include <stdio.h>
#include <string.h>

#include "memory.h"

void text_add_bytes(struct text *text, const char *bytes, size_t length)
{
	if (text->length + length + 1 > text->capacity) {
		text->capacity = MAX(text->capacity * 2, text->length + length + 1);
		text->bytes = memory_resize(text->bytes, text->capacity, 1);
	}
	memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
	text->bytes[text->length] = '\0';
}

void text_add_list(struct text *text, const char *format, va_list arguments)
{
	char *formatted;
	int length = vasprintf(&formatted, format, arguments);

	if (length < 0)
		return;
	text_add_bytes(text, formatted, (size_t)length);
	free(formatted);
}

void text_add(struct text *text, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	text_add_list(text, format, arguments);
	va_end(arguments);
}

char *text_take(struct text *text)
{
	char *bytes = text->bytes ? text->bytes : memory_string("");

	*text = (struct text){0};
	return bytes;
}

void text_deinit(struct text *text)
{
	free(text->bytes);
	*text = (struct text){0};
}
