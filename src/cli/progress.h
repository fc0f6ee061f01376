/* A line on the terminal that says what takes so long, from the third second on. */
#pragma once

/* Does nothing when standard error is no terminal. */
void progress_start(void);
void progress_phase(void *context, const char *phase);

/* Takes the line away. */
void progress_stop(void);
