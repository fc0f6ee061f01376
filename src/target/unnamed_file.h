/* A file without a name, for what is too large for memory: it is gone when silt ends, however it
 * ends. In $TMPDIR, else in /var/tmp, else in memory.
 */
#pragma once

#include "error.h"

/* `what` it is for, in the message. */
struct error *unnamed_file_open(const char *what, int *ret);
