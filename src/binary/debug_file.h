/* A separate debug file: the symbol table and DWARF that were taken out of a program.
 *
 * Where they are looked for, as gdb and elfutils do: by GNU build id in
 * /usr/lib/debug/.build-id/xx/yyyy.debug; by the name in .gnu_debuglink beside the program, in
 * .debug beside it, and in the same place below /usr/lib/debug; all of these in the root directory
 * of the process first, then in ours; then by debuginfod (debuginfod.h).
 *
 * A file is used only if it is proved to be of this very program: the build ids are equal (GNU's or
 * Go's), or the checksum of .gnu_debuglink, or, for an executable with symbols, the code itself;
 * and code and variables have the same places and sizes in both. Sources: gdb manual, "Separate
 * Debug Files"; binutils, bfd/opncls.c (.gnu_debuglink).
 */
#pragma once

#include <sys/types.h>

#include "error.h"
#include "executable.h"

/* Looks for the debug file of a program that has no DWARF, and lets the program take its names from
 * it. pid 0: there is no process. ret_problem is set, malloc()ed, only when names are missing
 * though something was there. */
void debug_file_find(struct executable *executable, pid_t pid, char **ret_problem);

/* Lets the program take its names from the file, or says why it does not belong. */
struct error *debug_file_use(struct executable *executable, const char *path);
