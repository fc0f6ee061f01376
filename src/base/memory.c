#include "memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "error.h"

void *memory_alloc(size_t size)
{
	return memory_array(1, size);
}

void *memory_array(size_t count, size_t size)
{
	void *block = calloc(count ? count : 1, size ? size : 1);

	if (!block)
		memory_out();
	return block;
}

void *memory_resize(void *old, size_t count, size_t size)
{
	void *block = reallocarray(old, count ? count : 1, size);

	if (!block)
		memory_out();
	return block;
}

char *memory_string(const char *text)
{
	return memory_string_n(text, strlen(text));
}

char *memory_string_n(const char *text, size_t length)
{
	char *copy = memory_alloc(length + 1);

	memcpy(copy, text, length);
	return copy;
}

char *memory_format(const char *format, ...)
{
	va_list arguments;
	char *text = NULL;

	va_start(arguments, format);
	int length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0)
		memory_out();
	return text;
}

void cleanup_file(void *variable)
{
	FILE *file = *(FILE **)variable;

	if (file)
		fclose(file);
}
