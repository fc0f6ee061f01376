#include "error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char *format_message(const char *format, va_list arguments)
{
	char *text = NULL;

	if (vasprintf(&text, format, arguments) < 0)
		memory_out();
	return text;
}

static struct error *error_new(enum error_code code, char *message)
{
	struct error *error = calloc(1, sizeof(*error));

	if (!error)
		memory_out();
	error->code = code;
	error->message = message;
	return error;
}

struct error *error_create(enum error_code code, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	struct error *error = error_new(code, format_message(format, arguments));
	va_end(arguments);
	return error;
}

struct error *error_system(const char *format, ...)
{
	int saved = errno;
	va_list arguments;

	va_start(arguments, format);
	char *what = format_message(format, arguments);
	va_end(arguments);

	enum error_code code = saved == EPERM || saved == EACCES ? ERROR_PERMISSION : ERROR_SYSTEM;
	struct error *error = error_create(code, "%s: %s", what, strerror(saved));
	error->sys_errno = saved;
	free(what);
	return error;
}

struct error *error_fault(uint64_t address, uint64_t length)
{
	struct error *error = error_create(ERROR_FAULT, "cannot read %llu bytes at 0x%llx",
		(unsigned long long)length, (unsigned long long)address);

	error->address = address;
	return error;
}

struct error *error_context(struct error *error, const char *format, ...)
{
	if (!error)
		return NULL;

	va_list arguments;
	va_start(arguments, format);
	char *what = format_message(format, arguments);
	va_end(arguments);

	char *joined = NULL;
	if (asprintf(&joined, "%s: %s", what, error->message) < 0)
		memory_out();
	free(what);
	free(error->message);
	error->message = joined;
	return error;
}

void error_destroy(struct error *error)
{
	if (!error)
		return;
	free(error->message);
	free(error);
}

void memory_out(void)
{
	static const char line[] = "silt: out of memory\n";

	if (write(STDERR_FILENO, line, sizeof(line) - 1) < 0)
		_exit(3);
	_exit(3);
}
