/* An address in the target. Never a pointer of ours. */
#pragma once

#include <stdint.h>

typedef uint64_t addr_t;

#define PRIaddr "llx"
