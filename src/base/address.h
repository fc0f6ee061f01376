/* An address in the target. Never a pointer of ours. */
#pragma once

#include <stdint.h>

typedef uint64_t addr_t;

#define PRIaddr "llx"

/* Of the kernel: on amd64, and the smallest of arm64. Go's own are larger (RUNTIME_PAGE). */
enum { OS_PAGE = 4096 };

/* The start of the page that the address is in. */
static inline addr_t page_down(addr_t address)
{
	return address & ~(addr_t)(OS_PAGE - 1);
}

/* The address, or the start of the next page when it is within one. */
static inline addr_t page_up(addr_t address)
{
	return page_down(address + OS_PAGE - 1);
}
