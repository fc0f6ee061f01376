/* Numbers as people read them. Text is the caller's to free(). */
#pragma once

#include <stdint.h>

/* "512 B", "9.43 kB", "612 MB", "1.02 GB": three digits, powers of 1000. */
char *human_bytes(uint64_t bytes);

/* "440,213" */
char *human_count(uint64_t count);

/* "21.7 M", "317 k", "94": for the line that sums up. */
char *human_rough_count(uint64_t count);

/* "412 ns", "1.2 ms", "3.1 s", "2m 5s", "4h 10m", "3d 4h" */
char *human_duration(uint64_t ns);

/* "99.9 %"; "100 %" only when it is. */
char *human_percent(uint64_t part, uint64_t whole);
