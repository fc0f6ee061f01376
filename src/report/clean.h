/* Names come from the target, which may hold anything: control characters and broken UTF-8 must not reach
 * a terminal or a JSON document. */
#pragma once

/* Replaces them by '?', in place. Returns its argument. */
char *clean_text(char *text);
