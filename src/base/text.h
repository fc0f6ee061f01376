/* Text that grows. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

struct text {
	char *bytes; /* NUL-terminated, or NULL when nothing was added */
	size_t length;
	size_t capacity;
};

void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_add_list(struct text *text, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));
void text_add_bytes(struct text *text, const char *bytes, size_t length);

/* The text, which becomes the caller's to free(); never NULL. The object is empty again. */
char *text_take(struct text *text);
void text_deinit(struct text *text);
