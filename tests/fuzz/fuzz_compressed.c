/* Files that zstd has compressed, with a table of frames and without. */
#include "compressed_file.h"
#include "fuzz.h"

enum { LARGEST = 8 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	int fd;

	if (fuzz_passed(compressed_bytes_expand(bytes, length, LARGEST, "fuzzed", &fd)))
		close(fd);
	return 0;
}
