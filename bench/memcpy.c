/* memcpy: how fast one thread of this machine copies memory.
 *
 * Prints "bytes_per_second NUMBER": the best of several copies between two buffers that are larger
 * than any cache and have been touched before, so that no page has to be made while the time is
 * taken.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BUFFER_BYTES = 256 << 20, COPIES = 8, NS_PER_SECOND = 1000000000 };

static uint64_t now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * NS_PER_SECOND + (uint64_t)time.tv_nsec;
}

static uint64_t copy_ns(char *to, const char *from)
{
	uint64_t start = now_ns();

	memcpy(to, from, BUFFER_BYTES);
	__asm__ volatile(""
			 :
			 : "r"(to)
			 : "memory"); /* the copy is used, as far as the compiler knows */
	return now_ns() - start;
}

int main(void)
{
	char *from = malloc(BUFFER_BYTES), *to = malloc(BUFFER_BYTES);
	uint64_t best = UINT64_MAX;

	if (!from || !to) {
		fputs("memcpy: not enough memory for two buffers\n", stderr);
		return 1;
	}
	memset(from, 1, BUFFER_BYTES);
	memset(to, 2, BUFFER_BYTES);
	for (int i = 0; i < COPIES; i++) {
		uint64_t ns = copy_ns(to, from);

		best = ns < best ? ns : best;
	}
	printf("bytes_per_second %" PRIu64 "\n", (uint64_t)BUFFER_BYTES * NS_PER_SECOND / best);
	free(from);
	free(to);
	return 0;
}
