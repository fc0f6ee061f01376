/* Names come from the target, which may hold anything: control characters and broken UTF-8 must not
 * reach a terminal or a JSON document. */
#pragma once

#include <jansson.h>

/* Replaces them by '?', in place. Returns its argument. */
char *clean_text(char *text);

/* The same, but tabs and newlines stay. */
char *clean_source(char *source);

/* A JSON string of a cleaned copy; never NULL. */
json_t *clean_json(const char *text);
