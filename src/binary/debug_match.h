/* Does a file of debug information belong to a program? */
#pragma once

#include <libelf.h>
#include <stdbool.h>

/* NULL: it does. Else why not, as "its build id is another". `same_checksum`: that of the program's
 * .gnu_debuglink, which is proof for a program that has no build id. */
const char *debug_match_difference(Elf *program, Elf *debug, bool same_checksum);
